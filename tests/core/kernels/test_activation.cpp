#include "athanor/core/kernels/activation.h"

#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

constexpr ActivationKind kKinds[] = {ActivationKind::kSilu, ActivationKind::kGelu, ActivationKind::kGeluTanh,
                                     ActivationKind::kRelu};

double value(ActivationKind kind, double x) {
  switch (kind) {
    case ActivationKind::kSilu:
      return x / (1 + std::exp(-x));
    case ActivationKind::kGelu:
      return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case ActivationKind::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case ActivationKind::kRelu:
      return std::max(x, 0.0);
  }
  return 0;
}

double slope(ActivationKind kind, double x) {
  if (kind == ActivationKind::kRelu) return x > 0 ? 1 : 0;
  const double h = 1e-5;
  return (value(kind, x + h) - value(kind, x - h)) / (2 * h);
}

TEST(Activation, IsTheFormulaWithItsSlope) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      for (ActivationKind kind : kKinds)
        for (int64_t n : {1, 15, 16, 100}) {
          auto x = random_elements<T>(n, 1, 3), dy = random_elements<T>(n, 2);
          Fenced<T> y(n), dx(n);
          std::vector<double> expected, gradient;
          for (int64_t i = 0; i < n; ++i) {
            expected.push_back(value(kind, x.at(i)));
            gradient.push_back(slope(kind, x.at(i)) * dy.at(i));
          }
          activation(kind, n, x.data(), y.data());
          expect_close(y, expected, tolerance<T>(), "y", 1);
          activation_backward(kind, n, x.data(), dy.data(), dx.data());
          expect_close(dx, gradient, tolerance<T>(), "dx", 1);
        }
    });
  });
}

TEST(Activation, GateTimesUpWithBothGradients) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      const int64_t rows = 3, width = 37, stride = 2 * width;  // both halves of one projection
      for (ActivationKind kind : kKinds) {
        auto both = random_elements<T>(rows * stride, 1, 2), dy = random_elements<T>(rows * width, 2);
        Fenced<T> y(rows * width), dboth(rows * stride);
        std::vector<double> expected, gradient(static_cast<size_t>(rows * stride));
        for (int64_t i = 0; i < rows * width; ++i) {
          const int64_t gate = i / width * stride + i % width, up = gate + width;
          expected.push_back(value(kind, both.at(gate)) * both.at(up));
          gradient[static_cast<size_t>(gate)] = slope(kind, both.at(gate)) * both.at(up) * dy.at(i);
          gradient[static_cast<size_t>(up)] = value(kind, both.at(gate)) * dy.at(i);
        }
        const GatedShape shape = {.rows = rows, .width = width, .gate_stride = stride, .up_stride = stride};
        gated_activation(kind, shape, both.data(), both.data() + width, y.data());
        expect_close(y, expected, tolerance<T>(), "y", 1);
        gated_activation_backward(kind, shape, both.data(), both.data() + width, dy.data(), dboth.data(), dboth.data() + width);
        expect_close(dboth, gradient, tolerance<T>(), "gradients");
      }
    });
  });
}

TEST(Activation, FarArgumentsAndNotANumber) {
  for_levels([](IsaLevel) {
    for (ActivationKind kind : kKinds) {
      Fenced<float> x(std::vector<float>{-1e4f, -90.0f, 0.0f, 90.0f, 1e4f, NAN}), y(6);
      activation(kind, 6, x.data(), y.data());
      EXPECT_NEAR(y[0], 0, 1e-30);
      EXPECT_NEAR(y[1], 0, 1e-30);
      EXPECT_EQ(y[2], 0);
      EXPECT_EQ(y[3], 90);
      EXPECT_EQ(y[4], 1e4f);
      EXPECT_TRUE(std::isnan(y[5]));
    }
  });
}

}  // namespace
}  // namespace athanor::kernels

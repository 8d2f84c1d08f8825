#include "athanor/core/kernels/adamw.h"

#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

/// Three tensors of odd sizes, the second with bf16 gradients and a working copy.
struct Parameters {
  Fenced<float> w0 = random_elements<float>(10000, 1), m0 = Fenced<float>(10000), v0 = Fenced<float>(10000),
                g0 = random_elements<float>(10000, 2);
  Fenced<float> w1 = random_elements<float>(4097, 3), m1 = Fenced<float>(4097), v1 = Fenced<float>(4097);
  Fenced<uint16_t> g1 = random_elements<uint16_t>(4097, 4), working = Fenced<uint16_t>(4097);
  Fenced<float> w2 = random_elements<float>(1, 5), m2 = Fenced<float>(1), v2 = Fenced<float>(1), g2 = random_elements<float>(1, 6);

  std::vector<AdamWSegment> segments() {
    return {{.count = 10000, .master = w0.data(), .m = m0.data(), .v = v0.data(), .gradient_f32 = g0.data(), .weight_decay = 0.1f},
            {.count = 4097,
             .master = w1.data(),
             .m = m1.data(),
             .v = v1.data(),
             .gradient_bf16 = g1.data(),
             .working_bf16 = working.data(),
             .lr_factor = 0.5f},
            {.count = 1, .master = w2.data(), .m = m2.data(), .v = v2.data(), .gradient_f32 = g2.data()}};
  }
};

template <typename G>
std::vector<double> reference_adamw(Fenced<float>& w, Fenced<G>& g, double lr, double decay, double scale, int steps) {
  std::vector<double> out;
  for (int64_t i = 0; i < w.size(); ++i) {
    double x = w.at(i), m = 0, v = 0;
    for (int t = 1; t <= steps; ++t) {
      const double gradient = g.at(i) * scale;
      m = 0.9 * m + 0.1 * gradient;
      v = 0.95 * v + 0.05 * gradient * gradient;
      x = x * (1 - lr * decay) - lr * m / (1 - std::pow(0.9, t)) / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-8);
    }
    out.push_back(x);
  }
  return out;
}

TEST(AdamW, ThreeStepsAreTheFormula) {
  for_levels([](IsaLevel) {
    Parameters p;
    const auto w0 = reference_adamw(p.w0, p.g0, 0.01, 0.1, 0.5, 3), w1 = reference_adamw(p.w1, p.g1, 0.005, 0, 0.5, 3);
    const auto w2 = reference_adamw(p.w2, p.g2, 0.01, 0, 0.5, 3);
    for (int64_t t = 1; t <= 3; ++t) adamw(p.segments(), {.lr = 0.01f, .beta2 = 0.95f, .step = t, .gradient_scale = 0.5f});
    expect_close(p.w0, w0, 1e-6, "f32 gradient");
    expect_close(p.w1, w1, 1e-6, "bf16 gradient");
    expect_close(p.w2, w2, 1e-6, "one number");
    for (int64_t i = 0; i < p.working.size(); ++i) ASSERT_EQ(p.working[i], base::f32_to_bf16(p.w1[i]));
  });
}

TEST(AdamW, UpdatesAndNormDoNotDependOnThreads) {
  expect_thread_independent([] {
    Parameters p;
    adamw(p.segments(), {});
    std::vector<float> all = p.w0.copy();
    all.push_back(static_cast<float>(gradient_sum_of_squares(p.segments())));
    return all;
  });
}

TEST(AdamW, SumOfSquares) {
  for_levels([](IsaLevel) {
    Parameters p;
    double expected = 0;
    for (int64_t i = 0; i < p.g0.size(); ++i) expected += std::pow(p.g0.at(i), 2);
    for (int64_t i = 0; i < p.g1.size(); ++i) expected += std::pow(p.g1.at(i), 2);
    expected += std::pow(p.g2.at(0), 2);
    EXPECT_NEAR(gradient_sum_of_squares(p.segments()), expected, 1e-6 * expected);
    p.g1[4096] = base::f32_to_bf16(INFINITY);
    EXPECT_FALSE(std::isfinite(gradient_sum_of_squares(p.segments())));
    p.g1[4096] = base::f32_to_bf16(NAN);
    EXPECT_FALSE(std::isfinite(gradient_sum_of_squares(p.segments())));
  });
}

}  // namespace
}  // namespace athanor::kernels

#include "athanor/core/kernels/norms.h"

#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

constexpr float kEps = 1e-5f;

/// Norm of both kinds in double precision, with gradients.
struct NormsReference {
  std::vector<double> y, rstd, mean, dx, dweight, dbias;
};

template <typename T>
NormsReference reference_norms(bool centered, int64_t rows, int64_t width, Fenced<T>& x, Fenced<float>& w, Fenced<float>& b,
                               Fenced<T>& dy) {
  NormsReference r;
  r.dweight.resize(static_cast<size_t>(width));
  r.dbias.resize(static_cast<size_t>(width));
  const double n = static_cast<double>(width);
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t at = i * width;
    double mean = 0, square = 0, along_ones = 0, along_xhat = 0;
    for (int64_t c = 0; centered && c < width; ++c) mean += x.at(at + c) / n;
    for (int64_t c = 0; c < width; ++c) square += std::pow(x.at(at + c) - mean, 2) / n;
    const double rstd = 1 / std::sqrt(square + static_cast<double>(kEps));
    for (int64_t c = 0; c < width; ++c) {
      const double xhat = (x.at(at + c) - mean) * rstd, g = dy.at(at + c) * w.at(c);
      r.y.push_back(xhat * w.at(c) + (centered ? b.at(c) : 0));
      r.dweight[static_cast<size_t>(c)] += dy.at(at + c) * xhat;
      r.dbias[static_cast<size_t>(c)] += dy.at(at + c);
      along_ones += centered ? g / n : 0;
      along_xhat += g * xhat / n;
    }
    for (int64_t c = 0; c < width; ++c)
      r.dx.push_back(rstd * (dy.at(at + c) * w.at(c) - along_ones - (x.at(at + c) - mean) * rstd * along_xhat));
    r.mean.push_back(mean);
    r.rstd.push_back(rstd);
  }
  return r;
}

TEST(Norms, RmsNormIsTheFormula) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      for (int64_t width : {1, 7, 16, 33, 256})
        for (int64_t rows : {1, 3, 70}) {
          auto x = random_elements<T>(rows * width, 1), dy = random_elements<T>(rows * width, 2);
          auto w = random_elements<float>(width, 3);
          Fenced<T> y(rows * width), dx(rows * width);
          Fenced<float> rstd(rows), dw(width);
          const NormsReference r = reference_norms(false, rows, width, x, w, w, dy);
          rms_norm({.rows = rows, .width = width}, x.data(), w.data(), kEps, y.data(), rstd.data());
          expect_close(y, r.y, tolerance<T>(), "y");
          expect_close(rstd, r.rstd, 2e-6, "rstd");
          rms_norm_backward<T>(rows, width, x.data(), w.data(), rstd.data(), dy.data(), nullptr, dx.data(), dw.data());
          expect_close(dx, r.dx, 4 * tolerance<T>(), "dx", 1);
          expect_close(dw, r.dweight, 4e-6, "dweight");
        }
    });
  });
}

TEST(Norms, LayerNormIsTheFormula) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      for (int64_t width : {7, 16, 33, 256})
        for (int64_t rows : {1, 3, 70}) {
          auto x = random_elements<T>(rows * width, 1), dy = random_elements<T>(rows * width, 2);
          auto w = random_elements<float>(width, 3), b = random_elements<float>(width, 4);
          Fenced<T> y(rows * width), dx(rows * width);
          Fenced<float> rstd(rows), mean(rows), dw(width), db(width);
          const NormsReference r = reference_norms(true, rows, width, x, w, b, dy);
          layer_norm({.rows = rows, .width = width}, x.data(), w.data(), b.data(), kEps, y.data(), mean.data(), rstd.data());
          expect_close(y, r.y, tolerance<T>(), "y");
          expect_close(rstd, r.rstd, 2e-6, "rstd");
          layer_norm_backward(rows, width, x.data(), w.data(), mean.data(), rstd.data(), dy.data(), dx.data(), dw.data(),
                              db.data());
          expect_close(dx, r.dx, 4 * tolerance<T>(), "dx", 1);
          expect_close(dw, r.dweight, 4e-6, "dweight");
          expect_close(db, r.dbias, 4e-6, "dbias");
        }
    });
  });
}

TEST(Norms, AddedNormIsANormOfTheRoundedSum) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      const int64_t rows = 5, width = 37;
      auto x = random_elements<T>(rows * width, 1), delta = random_elements<T>(rows * width, 2);
      auto w = random_elements<float>(width, 3);
      Fenced<T> sum(rows * width), y(rows * width), expected(rows * width);
      Fenced<float> rstd(rows), expected_rstd(rows);
      add_rms_norm(rows, width, x.data(), delta.data(), w.data(), kEps, sum.data(), y.data(), rstd.data());
      for (int64_t i = 0; i < sum.size(); ++i) ASSERT_EQ(sum[i], from_f32<T>(to_f32(x[i]) + to_f32(delta[i])));
      rms_norm({.rows = rows, .width = width}, sum.data(), w.data(), kEps, expected.data(), expected_rstd.data());
      EXPECT_EQ(y.copy(), expected.copy());
      EXPECT_EQ(rstd.copy(), expected_rstd.copy());
    });
  });
}

TEST(Norms, SkippedGradientIsAdded) {
  for_levels([](IsaLevel) {
    const int64_t rows = 3, width = 21;
    auto x = random_elements<float>(rows * width, 1), dy = random_elements<float>(rows * width, 2),
         skip = random_elements<float>(rows * width, 3);
    auto w = random_elements<float>(width, 4), rstd = random_elements<float>(rows, 5);
    Fenced<float> alone(rows * width), with(rows * width), dw(width);
    rms_norm_backward<float>(rows, width, x.data(), w.data(), rstd.data(), dy.data(), nullptr, alone.data(), dw.data());
    rms_norm_backward<float>(rows, width, x.data(), w.data(), rstd.data(), dy.data(), skip.data(), with.data(), dw.data());
    for (int64_t i = 0; i < with.size(); ++i) ASSERT_NEAR(with[i], alone[i] + skip[i], 1e-6 * (1 + std::abs(with[i])));
  });
}

TEST(Norms, RowsMayBeApart) {
  for_levels([](IsaLevel) {
    const int64_t rows = 4, width = 19, stride = 30;
    auto wide = random_elements<float>(rows * stride, 1);
    auto w = random_elements<float>(width, 2);
    std::vector<float> packed;
    for (int64_t i = 0; i < rows; ++i) packed.insert(packed.end(), wide.data() + i * stride, wide.data() + i * stride + width);
    std::vector<float> expected(packed.size());
    rms_norm<float>({.rows = rows, .width = width}, packed.data(), w.data(), kEps, expected.data(), nullptr);
    Fenced<float> y(rows * width);
    rms_norm<float>({.rows = rows, .width = width, .x_stride = stride}, wide.data(), w.data(), kEps, y.data(), nullptr);
    EXPECT_EQ(y.copy(), expected);
  });
}

TEST(Norms, WeightGradientsDoNotDependOnThreads) {
  const int64_t rows = 333, width = 100;
  auto x = random_elements<uint16_t>(rows * width, 1), dy = random_elements<uint16_t>(rows * width, 2);
  auto w = random_elements<float>(width, 3), rstd = random_elements<float>(rows, 4);
  expect_thread_independent([&] {
    Fenced<uint16_t> dx(rows * width);
    Fenced<float> dw(width);
    rms_norm_backward<uint16_t>(rows, width, x.data(), w.data(), rstd.data(), dy.data(), nullptr, dx.data(), dw.data());
    return dw.copy();
  });
}

}  // namespace
}  // namespace athanor::kernels

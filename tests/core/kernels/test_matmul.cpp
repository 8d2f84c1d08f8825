#include "athanor/core/kernels/matmul.h"

#include <gtest/gtest.h>

#include <cmath>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/quantize_i8.h"
#include "tests/core/kernels/kernel_inputs.h"

namespace athanor::kernels {
namespace {

constexpr WeightType kTypes[] = {WeightType::kF32, WeightType::kF16, WeightType::kBF16, WeightType::kI8};

// W [n, k] in the wanted type, ending at a guard page.
struct Weights {
  Weights(WeightType type, int64_t n, int64_t k, uint64_t seed) {
    const std::vector<float> w = normals(n * k, seed);
    std::vector<uint16_t> halves;
    for (float v : w) halves.push_back(type == WeightType::kF16 ? base::f32_to_f16(v) : base::f32_to_bf16(v));
    if (type == WeightType::kF32 || type == WeightType::kI8) {
      memory = std::make_unique<Guarded>(w.data(), w.size() * 4);
    } else {
      memory = std::make_unique<Guarded>(halves.data(), halves.size() * 2);
    }
    matrix = {type == WeightType::kI8 ? WeightType::kF32 : type, memory->as<void>(), n, k};
    if (type != WeightType::kI8) return;
    auto panels = std::make_unique<Guarded>(nullptr, i8_bytes(n, k));
    matrix = quantize_i8(matrix, panels->as<std::byte>());
    memory = std::move(panels);
  }
  std::unique_ptr<Guarded> memory;
  WeightMatrix matrix;
};

std::vector<float> run(const WeightMatrix& w, const std::vector<float>& x, int64_t m, const float* bias) {
  Guarded y(nullptr, static_cast<size_t>(m * w.rows) * 4), guarded_x(x.data(), x.size() * 4);
  MatmulWork work;
  const Product product = {w, bias, y.as<float>(), w.rows};
  matmul(guarded_x.as<float>(), m, w.columns, {&product, 1}, work);
  return {y.as<float>(), y.as<float>() + m * w.rows};
}

// Every level computes the scalar level's sum of the same products (x rounded or quantized alike), only in another order and in
// float32: |error| <= k eps * sum |x w|, of which a random order loses about sqrt(k); 4 sqrt(k) eps sum |x w| is never reached by
// luck. Integers are exact, so kI8 adds up blocks only.
void expect_as_scalar(WeightType type, int64_t m, int64_t n, int64_t k, bool with_bias) {
  const Weights w(type, n, k, static_cast<uint64_t>(n * 1000 + k));
  const std::vector<float> x = normals(m * k, 7), bias = normals(n, 8);
  std::vector<float> expected, row(static_cast<size_t>(k));
  {
    ForceIsaLevel scalar(IsaLevel::kScalar);
    expected = run(w.matrix, x, m, with_bias ? bias.data() : nullptr);
  }
  for (IsaLevel level : levels()) {
    ForceIsaLevel force(level);
    const std::vector<float> y = run(w.matrix, x, m, with_bias ? bias.data() : nullptr);
    for (int64_t j = 0; j < n; ++j) {
      weight_row(w.matrix, j, row.data());
      for (int64_t i = 0; i < m; ++i) {
        double size = 1;
        for (int64_t c = 0; c < k; ++c) size += std::fabs(x[static_cast<size_t>(i * k + c)] * row[static_cast<size_t>(c)]);
        ASSERT_NEAR(y[static_cast<size_t>(i * n + j)], expected[static_cast<size_t>(i * n + j)], 4 * std::sqrt(k) * 0x1p-24 * size)
            << isa_name(level) << " type " << static_cast<int>(type) << " m " << m << " n " << n << " k " << k << " at " << i << ","
            << j;
      }
    }
  }
}

TEST(Matmul, EveryWidthFrom1To300OneRow) {
  for (WeightType type : kTypes)
    for (int64_t k = 1; k <= 300; ++k) expect_as_scalar(type, 1, 5, k, k % 2 == 0);
}

TEST(Matmul, EveryHeightOfTheMatrix) {
  for (WeightType type : kTypes)
    for (int64_t n = 1; n <= 100; ++n) expect_as_scalar(type, n % 3 == 0 ? 13 : 1, n, 37, n % 2 == 0);
}

TEST(Matmul, EveryNumberOfRowsOfX) {
  for (WeightType type : kTypes)
    for (int64_t m = 1; m <= 40; ++m) expect_as_scalar(type, m, 33, 67, true);
}

TEST(Matmul, PackedTails) {
  for (WeightType type : kTypes)
    for (int64_t k = 1; k <= 130; ++k) expect_as_scalar(type, 9, 3, k, false);
}

TEST(Matmul, WiderThanOnePanelOfUnits) {
  for (WeightType type : kTypes) expect_as_scalar(type, 11, 35, 4500, true);
}

TEST(Matmul, ScalarAgainstADirectSum) {
  const std::vector<float> w = {1, 2, 3, 4, 5, 6}, x = {0.5f, -1, 2}, bias = {10, 20};
  const WeightMatrix matrix = {WeightType::kF32, w.data(), 2, 3};
  ForceIsaLevel scalar(IsaLevel::kScalar);
  EXPECT_EQ(run(matrix, x, 1, bias.data()), (std::vector<float>{14.5f, 29.0f}));
}

TEST(Matmul, Bf16RoundsXAndNothingElse) {
  // 1 + 2^-9 is not a bfloat16: it becomes 1. The product 3 * 3.140625 needs more than 8 bits and stays whole.
  const std::vector<uint16_t> w = {base::f32_to_bf16(1), base::f32_to_bf16(3.140625f)};
  const WeightMatrix matrix = {WeightType::kBF16, w.data(), 1, 2};
  for (IsaLevel level : levels()) {
    ForceIsaLevel force(level);
    EXPECT_EQ(run(matrix, {1 + 0x1p-9f, 3}, 1, nullptr).front(), 1 + 3 * 3.140625f) << isa_name(level);
  }
}

TEST(Matmul, SeveralProductsOfOneXAndAnyNumberOfThreads) {
  const Weights a(WeightType::kBF16, 70, 96, 1), b(WeightType::kF32, 33, 96, 2), c(WeightType::kI8, 40, 96, 3);
  const std::vector<float> x = normals(20 * 96, 4);
  std::vector<std::vector<float>> expected;
  for (const Weights* w : {&a, &b, &c}) expected.push_back(run(w->matrix, x, 20, nullptr));
  const int before = base::thread_count();
  for (int threads : {1, 2, 3, 5}) {
    base::set_thread_count(threads);
    std::vector<float> y(20 * 143);
    const Product products[] = {
        {a.matrix, nullptr, y.data(), 143}, {b.matrix, nullptr, y.data() + 70, 143}, {c.matrix, nullptr, y.data() + 103, 143}};
    MatmulWork work;
    matmul(x.data(), 20, 96, products, work);
    for (size_t i = 0; i < 20; ++i) {
      for (size_t j = 0; j < 70; ++j) ASSERT_EQ(y[i * 143 + j], expected[0][i * 70 + j]);
      for (size_t j = 0; j < 33; ++j) ASSERT_EQ(y[i * 143 + 70 + j], expected[1][i * 33 + j]);
      for (size_t j = 0; j < 40; ++j) ASSERT_EQ(y[i * 143 + 103 + j], expected[2][i * 40 + j]);
    }
  }
  base::set_thread_count(before);
}

TEST(Matmul, NotANumberIsNeverLost) {
  for (WeightType type : kTypes) {
    for (IsaLevel level : levels()) {
      ForceIsaLevel force(level);
      const Weights w(type, 4, 40, 1);
      for (int64_t m : {1, 12}) {
        std::vector<float> x = normals(m * 40, 2);
        x[35] = NAN;
        EXPECT_TRUE(std::isnan(run(w.matrix, x, m, nullptr)[0])) << isa_name(level) << " type " << static_cast<int>(type);
      }
    }
  }
}

TEST(Matmul, ProductsOfDifferentWidthAreABug) {
  const std::vector<float> w(12);
  float y[8];
  const Product products[] = {{{WeightType::kF32, w.data(), 2, 3}, nullptr, y, 2},
                              {{WeightType::kF32, w.data(), 2, 4}, nullptr, y, 2}};
  MatmulWork work;
  EXPECT_THROW(matmul(w.data(), 1, 4, products, work), base::Error);
}

}  // namespace
}  // namespace athanor::kernels

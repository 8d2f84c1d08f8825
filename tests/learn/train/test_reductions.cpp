#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/sum.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "athanor/learn/train/reductions.h"
#include "tests/learn/train/tiny_run.h"

namespace athanor::train {
namespace {

TEST(Reductions, SumOfSquaresIsRightForEverySize) {
  for (int64_t n : {1, 15, 16, 17, 4095, 4096, 4097, 100003}) {
    const at::Tensor values = at::randn({n});
    const double expected = values.to(at::kDouble).square().sum().item<double>();
    EXPECT_NEAR(sum_of_squares({values}), expected, 1e-6 * expected) << n;
    const at::Tensor narrow = values.to(at::kBFloat16);
    const double rounded = narrow.to(at::kDouble).square().sum().item<double>();
    EXPECT_NEAR(sum_of_squares({narrow}), rounded, 1e-6 * rounded) << n;
  }
  EXPECT_EQ(sum_of_squares({}), 0);
  EXPECT_EQ(sum_of_squares({at::Tensor(), at::full({3}, 2.0f)}), 12);
}

TEST(Reductions, ThreadsDoNotChangeABit) {
  const at::Tensor values = at::randn({1000003});
  const double one = sum_of_squares({values, values.to(at::kBFloat16)});
  for (int threads : {2, 3, 4}) {
    use_test_threads(threads);
    EXPECT_EQ(sum_of_squares({values, values.to(at::kBFloat16)}), one) << threads;
  }
  use_test_threads(1);
}

TEST(Reductions, Finite) {
  at::Tensor values = at::full({5000}, 1e30f);  // finite, though its square is not
  EXPECT_TRUE(all_finite(values));
  for (float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), std::nanf("")}) {
    values.fill_(1);
    values[4999] = bad;
    EXPECT_FALSE(all_finite(values));
    EXPECT_FALSE(std::isfinite(sum_of_squares({values})));
  }
}

}  // namespace
}  // namespace athanor::train

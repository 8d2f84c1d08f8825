#include "athanor/core/kernels/tree_sum.h"

#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

TEST(TreeSum, IsTheSumAndTheSumOfSquares) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      for (int64_t n : {0, 1, 17, 4096, 4097, 50000}) {
        auto x = random_elements<T>(n, 1);
        double sum = 0, squares = 0, size = 0;
        for (int64_t i = 0; i < n; ++i) sum += x.at(i), squares += x.at(i) * x.at(i), size += std::abs(x.at(i));
        EXPECT_NEAR(tree_sum(n, x.data()), sum, 1e-6 * size);
        EXPECT_NEAR(tree_sum_of_squares(n, x.data()), squares, 1e-6 * squares);
      }
    });
  });
}

TEST(TreeSum, SameBitsForAnyThreadsAndLevel) {
  auto x = random_elements<float>(100001, 2);
  expect_thread_independent([&] { return std::vector<double>{tree_sum(x.size(), x.data())}; });
  std::vector<double> sums;
  for_levels([&](IsaLevel) { sums.push_back(tree_sum(x.size(), x.data())); });
  for (double s : sums) EXPECT_EQ(s, sums[0]);
}

}  // namespace
}  // namespace athanor::kernels

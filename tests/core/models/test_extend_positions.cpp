#include "athanor/core/models/extend_positions.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::models {
namespace {

const std::vector<float> kTable = {0, 10, 1, 20, 3, 40};  // [3, 2]

TEST(ExtendPositions, InterpolateKeepsBothEnds) {
  EXPECT_EQ(extended_positions(kTable, 2, 5, "interpolate", 0, 0), (std::vector<float>{0, 10, 0.5, 15, 1, 20, 2, 30, 3, 40}));
  EXPECT_EQ(extended_positions(std::vector<float>{7, 8}, 2, 3, "interpolate", 0, 0), (std::vector<float>{7, 8, 7, 8, 7, 8}));
}

TEST(ExtendPositions, CopyBeginsAgain) {
  EXPECT_EQ(extended_positions(kTable, 2, 7, "copy", 0, 0), (std::vector<float>{0, 10, 1, 20, 3, 40, 0, 10, 1, 20, 3, 40, 0, 10}));
}

TEST(ExtendPositions, RandomKeepsTheOldRowsAndDrawsTheRest) {
  const std::vector<float> out = extended_positions(kTable, 2, 5'000, "random", 0.02, 3);
  EXPECT_EQ(std::vector<float>(out.begin(), out.begin() + 6), kTable);
  double sum = 0, squares = 0;
  for (size_t i = 6; i < out.size(); ++i) sum += out[i], squares += out[i] * out[i];
  const auto count = static_cast<double>(out.size() - 6);
  EXPECT_NEAR(sum / count, 0, 0.001);
  EXPECT_NEAR(std::sqrt(squares / count), 0.02, 0.001);
  EXPECT_EQ(out, extended_positions(kTable, 2, 5'000, "random", 0.02, 3));
  EXPECT_NE(out, extended_positions(kTable, 2, 5'000, "random", 0.02, 4));
}

}  // namespace
}  // namespace athanor::models

#include "athanor/core/base/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace athanor::base {
namespace {

using Words = std::array<uint32_t, 4>;

// The known-answer vectors of Random123 (kat_vectors, "philox4x32 10").
TEST(Philox, KnownAnswersOfRandom123) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, AStreamIsItsBlocksByIndex) {
  const uint64_t seed = 0x123456789abcdef0, step = 0x1111222233334444;
  Philox stream(seed, step, Purpose::kDropout);
  for (uint64_t index = 0; index < 5; ++index) {
    const Words block = philox_at(seed, step, Purpose::kDropout, index);
    for (uint32_t word : block) EXPECT_EQ(stream.next(), word);
  }
}

TEST(Philox, SeedStepAndPurposeEachChangeTheStream) {
  std::set<uint64_t> first;
  for (uint64_t seed : {0ull, 1ull, 1ull << 32})
    for (uint64_t step : {0ull, 1ull, 1ull << 32})
      for (Purpose purpose : {Purpose::kInit, Purpose::kDataOrder, Purpose::kTest})
        first.insert(Philox(seed, step, purpose).next64());
  EXPECT_EQ(first.size(), 27u);
}

TEST(Philox, UniformNumbersLieInTheirRangeAndFillIt) {
  Philox stream(1, 0, Purpose::kTest);
  double sum = 0, lowest = 1, highest = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = i % 2 ? stream.uniform64() : static_cast<double>(stream.uniform());
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
    sum += value;
  }
  EXPECT_GE(lowest, 0);
  EXPECT_LT(highest, 1);
  EXPECT_GT(highest, 0.9999);
  EXPECT_LT(lowest, 0.0001);
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));  // five standard errors
}

TEST(Philox, NormalNumbersHaveTheirMoments) {
  Philox stream(2, 0, Purpose::kTest);
  double sum = 0, squares = 0, fourth = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
    fourth += value * value * value * value;
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourth / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
}

TEST(Philox, BelowIsWithoutBias) {
  Philox stream(3, 0, Purpose::kTest);
  constexpr int kDraws = 70'000, kSides = 7;
  std::vector<int> seen(kSides);
  for (int i = 0; i < kDraws; ++i) ++seen[stream.below(kSides)];
  double chi2 = 0;
  for (int n : seen) chi2 += std::pow(n - kDraws / kSides, 2) / (kDraws / kSides);
  EXPECT_LT(chi2, 22.5);  // 6 degrees of freedom: one in a thousand
  EXPECT_EQ(stream.below(1), 0u);
  const uint64_t huge = (1ull << 63) + 1;  // nearly half of the draws must be repeated
  for (int i = 0; i < 100; ++i) EXPECT_LT(stream.below(huge), huge);
}

}  // namespace
}  // namespace athanor::base

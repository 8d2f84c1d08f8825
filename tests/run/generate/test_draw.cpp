#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Pearson's chi-square over `draws` draws; 9 possible tokens: 8 degrees of freedom, P(chi2 > 35) = 2.7e-5.
TEST(Draw, FollowsTheDistribution) {
  const std::vector<float> scores = {0, 1, -1, 2, kNever, 0.5f, -2, 1.5f, -0.5f, 0.25f};
  double total = 0;
  for (float s : scores) total += std::exp(s);
  const int draws = 60000;
  std::vector<int> counts(scores.size());
  for (int step = 0; step < draws; ++step) ++counts[static_cast<size_t>(draw_token(scores, 42, static_cast<uint64_t>(step)))];
  double chi2 = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double expected = draws * std::exp(scores[i]) / total;
    if (expected == 0)
      EXPECT_EQ(counts[i], 0);
    else
      chi2 += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  EXPECT_LT(chi2, 35);
}

// Seeds are as good as steps.
TEST(Draw, SeedsAreIndependent) {
  const std::vector<float> even(4, 0.0f);
  std::vector<int> counts(4), pairs(16);
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    const auto a = static_cast<size_t>(draw_token(even, seed, 0)), b = static_cast<size_t>(draw_token(even, seed, 1));
    ++counts[a];
    ++pairs[a * 4 + b];
  }
  double chi2 = 0;
  for (int n : pairs) chi2 += (n - 1250.0) * (n - 1250.0) / 1250.0;
  EXPECT_LT(chi2, 50) << "15 degrees of freedom, P = 1.2e-5";
}

TEST(Draw, SameSeedAndStepSameToken) {
  std::vector<float> scores(1000);
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<float>(i % 17) * 0.3f;
  for (uint64_t step = 0; step < 50; ++step) EXPECT_EQ(draw_token(scores, 7, step), draw_token(scores, 7, step));
  int equal = 0;
  for (uint64_t step = 0; step < 50; ++step) equal += draw_token(scores, 7, step) == draw_token(scores, 8, step);
  EXPECT_LT(equal, 10);
}

TEST(Draw, GreedyTakesTheLowestIdOfTies) {
  EXPECT_EQ(best_token(std::vector<float>{1, 3, 3, 2}), 1);
  EXPECT_EQ(best_token(std::vector<float>{kNever, kNever, -5}), 2);
}

TEST(Draw, BadScoresAreAnErrorNeverTokenZero) {
  const std::pair<std::vector<float>, const char*> bad[] = {
      {{1, NAN, 2}, "[generate.scores] the model's score of token 1 is not a number to draw from; got nan"},
      {{1, 2, std::numeric_limits<float>::infinity()},
       "[generate.scores] the model's score of token 2 is not a number to draw from; got infinity"},
      {{kNever, kNever}, "[generate.scores] no token is possible; got every score is -infinity"},
      {{}, "[generate.scores] no token is possible; got no scores"},
  };
  for (const auto& [scores, message] : bad) {
    for (int way = 0; way < 4; ++way) {
      try {
        if (way == 0) best_token(scores);
        if (way == 1) draw_token(scores, 0, 0);
        if (way == 2) logprob_of(scores, 0);
        if (way == 3) best_logprobs(scores, 1);
        ADD_FAILURE() << message;
      } catch (const base::Error& e) {
        EXPECT_EQ(std::string(e.what()).find(message), 0u) << e.what();
      }
    }
  }
}

TEST(Draw, Logprobs) {
  const std::vector<float> scores = {0, 2, kNever, 2, 1};
  const double log_total = std::log(1 + 2 * std::exp(2.0) + std::exp(1.0));
  EXPECT_NEAR(logprob_of(scores, 1), 2 - log_total, 1e-6);
  EXPECT_EQ(logprob_of(scores, 2), kNever);
  const auto best = best_logprobs(scores, 3);
  ASSERT_EQ(best.size(), 3u);
  EXPECT_EQ(best[0].id, 1);
  EXPECT_EQ(best[1].id, 3);
  EXPECT_EQ(best[2].id, 4);
  EXPECT_NEAR(best[2].logprob, 1 - log_total, 1e-6);
  EXPECT_EQ(best_logprobs(scores, 100).size(), 5u);
}

}  // namespace
}  // namespace athanor::generate

#include "lab/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace athanor::lab {
namespace {

// scipy.stats: t.interval(0.95, 2, mean, sem) of 1, 2, 4 is 2.3333 -+ 3.7948
TEST(Statistics, IntervalsAreStudents) {
  const Estimate e = estimate(std::vector<double>{1, 2, 4});
  EXPECT_NEAR(e.mean, 2.33333, 1e-5);
  EXPECT_NEAR(e.sd, 1.52753, 1e-5);
  EXPECT_NEAR(e.margin, 3.7948, 1e-3);
  EXPECT_TRUE(std::isinf(estimate(std::vector<double>{1}).margin));
  EXPECT_EQ(estimate_text(e, 2), "2.33 ± 3.79");
  EXPECT_EQ(estimate_text(estimate(std::vector<double>{1}), 2), "1.00");
}

TEST(Statistics, DifferencesArePaired) {
  const Estimate d = difference(std::vector<double>{1, 5, 9}, std::vector<double>{0, 4, 8});
  EXPECT_EQ(d.mean, 1);
  EXPECT_EQ(d.margin, 0);
}

TEST(Statistics, VerdictsNeedTheWholeInterval) {
  EXPECT_EQ(judge_above({1, 0.1, 0.5, 3}, 0), Verdict::kConfirmed);
  EXPECT_EQ(judge_above({1, 0.1, 1.5, 3}, 0), Verdict::kUndecided);
  EXPECT_EQ(judge_above({-1, 0.1, 0.5, 3}, 0), Verdict::kRefuted);
  EXPECT_EQ(judge_above(estimate(std::vector<double>{7}), 0), Verdict::kUndecided) << "one seed decides nothing";
  EXPECT_EQ(judge_near({0.1, 0, 0.05, 3}, 0, 0.2), Verdict::kConfirmed);
  EXPECT_EQ(judge_near({0.1, 0, 0.15, 3}, 0, 0.2), Verdict::kUndecided);
  EXPECT_EQ(judge_near({-0.5, 0, 0.1, 3}, 0, 0.2), Verdict::kRefuted);
  EXPECT_EQ(both(Verdict::kConfirmed, Verdict::kRefuted), Verdict::kRefuted);
  EXPECT_EQ(both(Verdict::kConfirmed, Verdict::kUndecided), Verdict::kUndecided);
  EXPECT_EQ(both(Verdict::kConfirmed, Verdict::kConfirmed), Verdict::kConfirmed);
}

}  // namespace
}  // namespace athanor::lab

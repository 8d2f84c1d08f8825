#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "athanor/learn/train/schedule.h"

namespace athanor::train {
namespace {

constexpr int kSteps = 100;

double factor(const char* name, double step, const ScheduleOptions& options) {
  return learning_rate_factor(base::find_row(schedules(), name, "test"), options, {step, step / kSteps, (step + 1) / kSteps});
}

TEST(Schedule, WarmUpInStepsReachesThePeakAtItsLastStep) {
  const ScheduleOptions options{10, 0.1, 0.2};
  for (const Schedule& schedule : schedules()) {
    for (int step = 0; step < 9; ++step) EXPECT_DOUBLE_EQ(factor(schedule.name, step, options), (step + 1) / 10.0) << schedule.name;
    EXPECT_DOUBLE_EQ(factor(schedule.name, 9, options), 1.0) << schedule.name;
    EXPECT_DOUBLE_EQ(factor(schedule.name, 10, options), 1.0) << schedule.name;
  }
}

TEST(Schedule, WarmUpAsAPartOfTheRun) {
  const ScheduleOptions options{0.1, 0.1, 0.2};
  EXPECT_NEAR(factor("cosine", 0, options), 0.1, 1e-12);
  EXPECT_NEAR(factor("cosine", 4, options), 0.5, 1e-12);
  EXPECT_NEAR(factor("cosine", 10, options), 1.0, 1e-12);
}

TEST(Schedule, Formulas) {
  const ScheduleOptions options{20, 0.1, 0.25};
  for (int step = 20; step < kSteps; ++step) {
    const double p = (step - 20) / 80.0;
    EXPECT_NEAR(factor("constant", step, options), 1, 1e-12);
    EXPECT_NEAR(factor("linear", step, options), 1 - 0.9 * p, 1e-12);
    EXPECT_NEAR(factor("inverse_sqrt", step, options), std::sqrt(20.0 / step), 1e-12);
    EXPECT_NEAR(factor("cosine", step, options), 0.1 + 0.9 * (1 + std::cos(std::numbers::pi * p)) / 2, 1e-12);
    EXPECT_NEAR(factor("wsd", step, options), p <= 0.75 ? 1 : 0.1 + 0.9 * (1 - std::sqrt((p - 0.75) / 0.25)), 1e-12);
  }
}

TEST(Schedule, TheEndIsTheFloor) {
  for (const char* name : {"cosine", "linear", "wsd"})
    EXPECT_NEAR(learning_rate_factor(base::find_row(schedules(), name, "test"), {0, 0.1, 0.2}, {1000, 1.0, 1.0}), 0.1, 1e-12)
        << name;
}

TEST(Schedule, NoWarmUp) { EXPECT_EQ(factor("linear", 0, {0, 0, 0.2}), 1); }

}  // namespace
}  // namespace athanor::train

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "athanor/core/base/philox.h"
#include "athanor/core/history/curve.h"
#include "tests/testing/temp_folder.h"

namespace athanor::history {
namespace {

/// A run with `points` of "loss" and "elapsed_s", logged every third step.
class LongRun {
 public:
  explicit LongRun(int64_t points) : history_(History::open(folder_ / "runs.db")) {
    history::Run run;
    run.stage = "pretrain", run.out = "/a", run.pid = getpid();
    id_ = history_.begin(run, false);
    grow(points);
  }
  void grow(int64_t points) {
    std::vector<Point> fresh;
    for (int64_t i = 0; i < points; ++i) {
      const int64_t step = 3 * static_cast<int64_t>(values_.size() + 1);
      const double value = std::exp(-static_cast<double>(step) / 2000) + random_.uniform();
      values_.push_back({step, value});
      fresh.push_back({step, "loss", value});
      fresh.push_back({step, "elapsed_s", static_cast<double>(step) / 2});
    }
    history_.add(id_, values_.back().step, fresh);
  }
  History& history() { return history_; }
  const std::vector<StepValue>& values() const { return values_; }
  int64_t id() const { return id_; }

 private:
  testing::TempFolder folder_;
  History history_;
  std::vector<StepValue> values_;
  base::Philox random_{1, 2, base::Purpose::kTest};
  int64_t id_ = 0;
};

/// Every bucket says of its steps exactly what the points say.
void expect_true_to(const std::vector<StepValue>& points, const std::vector<Bucket>& buckets) {
  for (const Bucket& bucket : buckets) {
    double least = INFINITY, greatest = -INFINITY, sum = 0, end = 0;
    int64_t count = 0;
    for (const StepValue& point : points) {
      if (point.step < bucket.first || point.step > bucket.last) continue;
      least = std::min(least, point.value), greatest = std::max(greatest, point.value), sum += point.value, end = point.value;
      ++count;
    }
    ASSERT_EQ(bucket.min, least);
    ASSERT_EQ(bucket.max, greatest);
    ASSERT_EQ(bucket.end, end);
    ASSERT_EQ(bucket.count, count);
    ASSERT_NEAR(bucket.mean, sum / static_cast<double>(count), 1e-12);
  }
}

int64_t counted(const std::vector<Bucket>& buckets) {
  int64_t n = 0;
  for (const Bucket& bucket : buckets) n += bucket.count;
  return n;
}

TEST(Curve, FewPointsStayAsTheyAre) {
  const std::vector<StepValue> points = {{1, 5}, {2, -3}, {9, 4}};
  const std::vector<Bucket> buckets = in_buckets(points, 3);
  ASSERT_EQ(buckets.size(), 3u);
  EXPECT_EQ(buckets[1].min, -3);
  EXPECT_EQ(buckets[1].max, -3);
  EXPECT_EQ(buckets[2].last, 9);
  EXPECT_TRUE(in_buckets(std::span<const StepValue>(), 10).empty());
  EXPECT_EQ(in_buckets(points, 1).size(), 1u);
  EXPECT_EQ(in_buckets(points, 0).size(), 1u);
}

TEST(Curve, TheWholeKeepsEachExtremeExactly) {
  LongRun run(20000);
  Curve curve(run.id(), "loss");
  curve.refresh(run.history(), 1);
  EXPECT_EQ(curve.points(), 20000);
  for (const int64_t most : {1, 7, 100, 300}) {
    const std::vector<Bucket> buckets = curve.buckets(run.history(), {}, most);
    EXPECT_LE(static_cast<int64_t>(buckets.size()), most);
    EXPECT_EQ(counted(buckets), 20000);
    expect_true_to(run.values(), buckets);
  }
}

TEST(Curve, APartIsReadPointByPoint) {
  LongRun run(20000);
  Curve curve(run.id(), "loss");
  curve.refresh(run.history(), 1);
  const std::vector<Bucket> buckets = curve.buckets(run.history(), {30000, 30300}, 400);
  ASSERT_EQ(buckets.size(), 101u);
  EXPECT_EQ(buckets.front().last, 30000);
  EXPECT_EQ(buckets.back().last, 30300);
  expect_true_to(run.values(), buckets);
  EXPECT_TRUE(curve.buckets(run.history(), {70000, 80000}, 400).empty());
  EXPECT_TRUE(curve.buckets(run.history(), {50, 40}, 400).empty());
  EXPECT_LE(curve.buckets(run.history(), {3000, 50000}, 100).size(), 100u);
}

TEST(Curve, GrowsByWhatIsNew) {
  LongRun run(1000);
  Curve curve(run.id(), "loss");
  curve.refresh(run.history(), 1);
  for (int i = 0; i < 5; ++i) {
    run.grow(37);
    curve.refresh(run.history(), 1);
    EXPECT_EQ(curve.points(), static_cast<int64_t>(run.values().size()));
    expect_true_to(run.values(), curve.buckets(run.history(), {}, 10));
  }
}

TEST(Curve, AResumedRunIsReadAnew) {
  LongRun run(1000);
  Curve curve(run.id(), "loss");
  curve.refresh(run.history(), 1);
  history::Run again;
  again.stage = "pretrain", again.out = "/a", again.pid = getpid(), again.step = 1500;
  ASSERT_EQ(run.history().begin(again, true), run.id());
  curve.refresh(run.history(), run.history().find(run.id())->starts);
  EXPECT_EQ(curve.points(), 500);
}

TEST(Curve, SecondsFindTheirSteps) {
  LongRun run(20000);
  Curve time(run.id(), "elapsed_s");
  time.refresh(run.history(), 1);
  const StepRange range = time.steps_between(1000, 2000);  // steps 2000 to 4000
  EXPECT_LE(range.from, 2000);
  EXPECT_GE(range.from, 2000 - 3 * 64);
  EXPECT_GE(range.to, 4000);
  EXPECT_LE(range.to, 4000 + 3 * 64);
  EXPECT_GT(time.steps_between(1e9, 2e9).from, 60000);
  EXPECT_EQ(time.steps_between(-5, 1e9).from, StepRange{}.from);
}

}  // namespace
}  // namespace athanor::history

#include "athanor/core/base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

class Threads : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_thread_count(GetParam()); }
  void TearDown() override { set_thread_count(before_); }
  int before_ = thread_count();
};
INSTANTIATE_TEST_SUITE_P(Counts, Threads, ::testing::Values(1, 2, 3, 7));

Ranges ranges_of(int64_t n, int64_t grain, decltype(parallel_for)* run) {
  std::mutex mutex;
  Ranges ranges;
  run(n, grain, [&](int64_t begin, int64_t end) {
    std::lock_guard lock(mutex);
    ranges.emplace_back(begin, end);
  });
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

void expect_cover(const Ranges& ranges, int64_t n) {
  int64_t at = 0;
  for (auto [begin, end] : ranges) {
    EXPECT_EQ(begin, at);
    EXPECT_LT(begin, end);
    at = end;
  }
  EXPECT_EQ(at, n);
}

TEST_P(Threads, ForCoversEveryNumberOnce) {
  for (int64_t n : {0, 1, 2, 6, 7, 8, 100, 1001})
    for (int64_t grain : {1, 3, 64, 5000}) {
      const Ranges ranges = ranges_of(n, grain, parallel_for);
      expect_cover(ranges, n);
      EXPECT_LE(ranges.size(), static_cast<size_t>(thread_count()));
      for (auto [begin, end] : ranges) EXPECT_GE(end - begin, std::min(n, grain));
    }
}

TEST_P(Threads, TheSplitOfForIsAlwaysTheSame) {
  const Ranges first = ranges_of(1001, 10, parallel_for);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ranges_of(1001, 10, parallel_for), first);
}

TEST_P(Threads, DynamicCoversEveryNumberOnce) {
  for (int64_t n : {0, 1, 7, 100, 1001}) expect_cover(ranges_of(n, 8, parallel_dynamic), n);
}

TEST_P(Threads, ARegionRunsOnAllThreadsAtTheSameTime) {
  std::barrier together(thread_count());
  std::vector<int> seen(static_cast<size_t>(thread_count()));
  parallel_region([&](int thread, int threads) {
    EXPECT_EQ(threads, GetParam());
    together.arrive_and_wait();  // would never return if they took turns
    ++seen[static_cast<size_t>(thread)];
  });
  EXPECT_EQ(seen, std::vector<int>(seen.size(), 1));
}

TEST_P(Threads, NestedCallsRunInTheCallerWithTheSameSplit) {
  const Ranges outside = ranges_of(100, 1, parallel_for);
  std::atomic<int> wrong{0};
  parallel_region([&](int, int) {
    const auto id = std::this_thread::get_id();
    Ranges inside;
    parallel_for(100, 1, [&](int64_t begin, int64_t end) {
      wrong += std::this_thread::get_id() != id;
      inside.emplace_back(begin, end);
    });
    wrong += inside != outside;
    parallel_region([&](int thread, int threads) { wrong += thread != 0 || threads != 1; });
  });
  EXPECT_EQ(wrong, 0);
}

TEST_P(Threads, AnExceptionReachesTheCallerAndThePoolGoesOn) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_THROW(parallel_for(1000, 1,
                              [](int64_t, int64_t end) {
                                if (end == 1000) input_error("a.b", {"c"});
                              }),
                 Error);
    EXPECT_THROW(parallel_region([](int, int) { throw 1; }), int);
    EXPECT_THROW(parallel_dynamic(1000, 1,
                                  [](int64_t begin, int64_t) {
                                    if (begin == 10) throw 1.0;
                                  }),
                 double);
    std::atomic<int64_t> sum{0};
    parallel_for(1000, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
    EXPECT_EQ(sum, 1000);
  }
}

TEST_P(Threads, ManyShortRoundsLoseNothing) {
  std::vector<int64_t> counts(64);
  for (int round = 0; round < 2000; ++round)
    parallel_for(64, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++counts[static_cast<size_t>(i)];
    });
  EXPECT_EQ(counts, std::vector<int64_t>(64, 2000));
}

TEST_P(Threads, RoundsAfterALongSleepWakeTheThreads) {
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(300));  // longer than the spin
    std::atomic<int> ran{0};
    parallel_region([&](int, int) { ++ran; });
    EXPECT_EQ(ran, thread_count());
  }
}

TEST_P(Threads, CallersFromSeveralThreadsTakeTurns) {
  std::atomic<int64_t> sum{0};
  {
    std::vector<std::jthread> callers;
    for (int c = 0; c < 3; ++c)
      callers.emplace_back([&] {
        for (int i = 0; i < 200; ++i) parallel_for(100, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
      });
  }
  EXPECT_EQ(sum, 3 * 200 * 100);
}

int executed = 0;
TEST_P(Threads, AnotherExecutorMayBringFewerThreads) {
  executed = 0;
  set_region_executor([](int, const std::function<void(int, int)>& body) {
    ++executed;
    body(0, 1);  // as OpenMP does inside its own parallel region
  });
  const Ranges ranges = ranges_of(100, 1, parallel_for);
  EXPECT_THROW(parallel_for(100, 1, [](int64_t, int64_t) { throw 1; }), int);
  set_region_executor(nullptr);
  expect_cover(ranges, 100);
  EXPECT_EQ(ranges, ranges_of(100, 1, parallel_for));
  EXPECT_EQ(executed, thread_count() == 1 ? 0 : 2);
}

TEST(ThreadCount, IsChecked) {
  for (int bad : {0, -1, 1025}) EXPECT_THROW(set_thread_count(bad), Error);
  EXPECT_GE(thread_count(), 1);
}

}  // namespace
}  // namespace athanor::base

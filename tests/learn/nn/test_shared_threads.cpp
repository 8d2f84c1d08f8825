#include "athanor/learn/nn/shared_threads.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

#include "athanor/core/base/threads.h"

namespace athanor::nn {
namespace {

class SharedThreads : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = base::thread_count();
    base::set_thread_count(2);
    install_shared_threads();
  }
  void TearDown() override {
    base::set_region_executor(nullptr);
    base::set_thread_count(before_);
    at::set_num_threads(1);
  }
  int before_ = 1;
};

TEST_F(SharedThreads, LibtorchHasAsManyThreads) { EXPECT_EQ(at::get_num_threads(), 2); }

TEST_F(SharedThreads, ARegionRunsOnceOnEveryThreadAtTheSameTime) {
  std::atomic<int> arrived{0};
  base::parallel_region([&](int, int threads) {
    ++arrived;
    while (arrived < threads) std::this_thread::yield();  // ends only where all run together
  });
  EXPECT_EQ(arrived, 2);
}

TEST_F(SharedThreads, OurLoopsAndLibtorchsUseTheSameThreads) {
  std::mutex mutex;
  std::set<std::thread::id> ours, theirs;
  for (int round = 0; round < 20; ++round) {
    base::parallel_region([&](int, int) {
      std::lock_guard lock(mutex);
      ours.insert(std::this_thread::get_id());
    });
    at::parallel_for(0, 2, 1, [&](int64_t, int64_t) {
      std::lock_guard lock(mutex);
      theirs.insert(std::this_thread::get_id());
    });
  }
  EXPECT_EQ(ours.size(), 2u);
  for (std::thread::id id : theirs) EXPECT_TRUE(ours.contains(id));
}

TEST_F(SharedThreads, NestedLoopsAndExceptions) {
  std::atomic<int64_t> sum{0};
  base::parallel_for(
      100, 1, [&](int64_t begin, int64_t end) { base::parallel_for(end - begin, 1, [&](int64_t a, int64_t b) { sum += b - a; }); });
  EXPECT_EQ(sum, 100);
  EXPECT_THROW(base::parallel_for(100, 1, [](int64_t, int64_t) { throw std::runtime_error("inside"); }), std::runtime_error);
}

}  // namespace
}  // namespace athanor::nn

#include "athanor/core/base/threads.h"

#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

constexpr int kMostThreads = 1024;
using Body = std::function<void(int thread, int threads)>;

void pause_a_little() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// Decoding calls the pool hundreds of times per token, a few microseconds apart: waking a sleeping thread would cost more than the
// work. So a waiter spins for kSpin, and only then sleeps in the kernel.
constexpr auto kSpin = std::chrono::microseconds(50);

template <typename Done>
void spin_then_sleep(std::atomic<uint32_t>& word, const Done& done) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 64; ++i) {
      if (done(word.load(std::memory_order_acquire))) return;
      pause_a_little();
    }
    std::this_thread::yield();  // where there are more threads than cores, the one waited for may need this core
  } while (std::chrono::steady_clock::now() < end);
  for (;;) {
    const uint32_t now = word.load(std::memory_order_acquire);
    if (done(now)) return;
    word.wait(now, std::memory_order_acquire);
  }
}

class Pool {
 public:
  /// `body` must not throw.
  void run(int threads, const Body& body) {
    std::lock_guard lock(callers_);
    if (static_cast<int>(workers_.size()) != threads - 1) restart(threads - 1);
    body_ = &body;
    pending_.store(static_cast<uint32_t>(threads - 1), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    body(0, threads);
    spin_then_sleep(pending_, [](uint32_t left) { return left == 0; });
  }

 private:
  void restart(int workers) {
    quit_ = true;
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    quit_ = false;
    const uint32_t round = round_.load(std::memory_order_relaxed);
    // Signals are the main thread's: workers inherit a mask that blocks them all.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 1; i <= workers; ++i) workers_.emplace_back([=, this] { work(i, workers + 1, round); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void work(int thread, int threads, uint32_t round) {
    for (;; ++round) {
      spin_then_sleep(round_, [&](uint32_t now) { return now != round; });
      if (quit_) return;
      (*body_)(thread, threads);
      if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
    }
  }

  std::mutex callers_;
  std::vector<std::thread> workers_;
  const Body* body_ = nullptr;
  bool quit_ = false;
  alignas(64) std::atomic<uint32_t> round_{0};
  alignas(64) std::atomic<uint32_t> pending_{0};
};

Pool& pool() {
  static Pool& the_pool = *new Pool;  // never destroyed: exit() may be called while workers sleep
  return the_pool;
}

int count_from(const char* variable) {
  const char* text = std::getenv(variable);
  const int n = text ? std::atoi(text) : 0;
  return n >= 1 && n <= kMostThreads ? n : 0;
}

int default_count() {
  for (const char* variable : {"ATHANOR_THREADS", "OMP_NUM_THREADS"})
    if (int n = count_from(variable)) return n;
  cpu_set_t allowed;
  const int n = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  return std::clamp(n, 1, kMostThreads);
}

std::atomic<int>& count() {
  static std::atomic<int> the_count{default_count()};
  return the_count;
}

std::atomic<RegionExecutor> replaced{nullptr};
thread_local bool inside = false;

}  // namespace

int thread_count() { return count().load(std::memory_order_relaxed); }

void set_thread_count(int n) {
  if (n < 1 || n > kMostThreads) input_error("base.threads", {"bad number of threads", cat(n), cat("1 to ", kMostThreads)});
  count() = n;
}

void set_region_executor(RegionExecutor executor) { replaced = executor; }

void parallel_region(const Body& body) {
  const int threads = thread_count();
  if (inside || threads == 1) return body(0, 1);
  std::mutex mutex;
  std::exception_ptr error;
  const Body guarded = [&](int thread, int of) {
    inside = true;
    try {
      body(thread, of);
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
    inside = false;
  };
  if (RegionExecutor executor = replaced) {
    executor(threads, guarded);
  } else {
    pool().run(threads, guarded);
  }
  if (error) std::rethrow_exception(error);
}

void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body) {
  if (n <= 0) return;
  const int64_t parts = std::clamp<int64_t>(n / std::max<int64_t>(grain, 1), 1, thread_count());
  if (parts == 1) return body(0, n);
  const int64_t size = n / parts, longer = n % parts;  // the first `longer` parts have one more
  const auto begin_of = [&](int64_t part) { return part * size + std::min(part, longer); };
  parallel_region([&](int thread, int threads) {
    // an executor may bring fewer threads than parts; the split stays
    for (int64_t part = thread; part < parts; part += threads) body(begin_of(part), begin_of(part + 1));
  });
}

void parallel_dynamic(int64_t n, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body) {
  if (n <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  if (n <= grain) return body(0, n);
  std::atomic<int64_t> next{0};
  parallel_region([&](int, int) {
    try {
      for (int64_t begin; (begin = next.fetch_add(grain, std::memory_order_relaxed)) < n;) body(begin, std::min(begin + grain, n));
    } catch (...) {
      next = n;  // no thread begins another chunk
      throw;
    }
  });
}

}  // namespace athanor::base

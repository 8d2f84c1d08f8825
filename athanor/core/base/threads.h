#pragma once
// One pool for the whole process. parallel_for is what every kernel and every data stage uses.

#include <cstdint>
#include <functional>

namespace athanor::base {

/// Threads that parallel_for uses, the caller included. Default: ATHANOR_THREADS, OMP_NUM_THREADS, else the cores this process may
/// run on.
int thread_count();
/// 1 <= n <= 1024, else input_error. Not while a parallel_for runs.
void set_thread_count(int n);

/// Calls body(begin, end) for disjoint ranges that cover [0, n), at least `grain` each, on the pool and the caller; returns when
/// all are done. The split depends only on n, grain and thread_count(). Nested calls run in the caller. The first exception is
/// rethrown.
void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

/// Like parallel_for, but hands out chunks of `grain` as threads become free: for uneven work. The order is not fixed.
void parallel_dynamic(int64_t n, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

/// Runs body(thread, threads) once on every thread at the same time: for kernels with their own schedule and barriers.
void parallel_region(const std::function<void(int thread, int threads)>& body);

/// Replaces the pool by another executor with parallel_region's contract: the learn wing puts OpenMP's threads here, so that
/// libtorch and our kernels share the same threads. nullptr restores the pool.
using RegionExecutor = void (*)(int threads, const std::function<void(int thread, int threads)>& body);
void set_region_executor(RegionExecutor executor);

}  // namespace athanor::base

// libtorch's loops run on OpenMP's threads. A second set of threads of our own would compete with them for the cores (OpenMP's
// threads spin after a loop), so base::parallel_* gets an executor that is one OpenMP region.

#include "athanor/learn/nn/shared_threads.h"

#include <ATen/Parallel.h>
#include <omp.h>

#include <functional>

#include "athanor/core/base/threads.h"

namespace athanor::nn {
namespace {

/// `body` does not throw: parallel_region catches inside.
void run_region(int threads, const std::function<void(int thread, int threads)>& body) {
  if (omp_in_parallel()) return body(0, 1);
#pragma omp parallel num_threads(threads)
  body(omp_get_thread_num(), omp_get_num_threads());
}

}  // namespace

void install_shared_threads() {
  omp_set_dynamic(0);
  at::set_num_threads(base::thread_count());
  base::set_region_executor(run_region);
}

}  // namespace athanor::nn

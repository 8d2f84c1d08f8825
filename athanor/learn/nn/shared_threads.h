#pragma once

namespace athanor::nn {

/// Puts base::parallel_* on the OpenMP threads that libtorch uses, with base::thread_count() of them for both, so that our kernels
/// and libtorch's share one set of threads. Call once at start, and again after base::set_thread_count; not while a parallel loop
/// runs.
void install_shared_threads();

}  // namespace athanor::nn

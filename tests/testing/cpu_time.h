#pragma once
// Time that a test may bound on a busy machine: what the thread has computed, not what has passed.

#include <ctime>

namespace athanor::testing {

/// Seconds of processor time that this thread has used.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace athanor::testing

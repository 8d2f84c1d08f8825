#pragma once
// A wish to stop (Ctrl-C, SIGTERM), looked at by long work between two steps. The program's signal handler sets it.

#include <atomic>

namespace athanor::base {

/// Async-signal-safe.
void request_stop();
bool stop_requested();
void clear_stop();

}  // namespace athanor::base

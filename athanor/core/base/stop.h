#pragma once
// A wish to stop (Ctrl-C, SIGTERM), looked at by long work between two steps. The program's signal handler sets it.

#include <atomic>
#include <exception>

namespace athanor::base {

/// Async-signal-safe.
void request_stop();
bool stop_requested();
void clear_stop();

/// Thrown by work that was told to stop in the middle and has no part of a result to give.
class Stopped : public std::exception {
 public:
  const char* what() const noexcept override { return "stopped"; }
};

}  // namespace athanor::base

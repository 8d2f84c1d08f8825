#pragma once
// Bounds on work that input asks for: fuel counts steps, a deadline watches the clock. Both end with an input_error.

#include <chrono>
#include <cstdint>
#include <string>

namespace athanor::base {

class Fuel {
 public:
  Fuel(uint64_t steps, std::string where) : left_(steps), where_(std::move(where)) {}
  void burn(uint64_t steps = 1) {
    if (steps > left_) exhausted();
    left_ -= steps;
  }
  uint64_t left() const { return left_; }

 private:
  [[noreturn]] void exhausted() const;
  uint64_t left_;
  std::string where_;
};

class Deadline {
 public:
  Deadline(std::chrono::milliseconds limit, std::string where)
      : end_(std::chrono::steady_clock::now() + limit), where_(std::move(where)) {}
  bool passed() const { return std::chrono::steady_clock::now() > end_; }
  /// Throws input_error where the time is over.
  void check() const;

 private:
  std::chrono::steady_clock::time_point end_;
  std::string where_;
};

}  // namespace athanor::base

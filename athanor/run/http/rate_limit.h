#pragma once
// How often one address may ask.

#include <chrono>
#include <map>
#include <string>

namespace athanor::http {

/// Lets an address through `rate` times a second, and twice as often for a moment.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;
  explicit RateLimit(double rate) : rate_(rate) {}
  bool allow(const std::string& address, Clock::time_point now = Clock::now());

 private:
  struct Allowance {
    double left;
    Clock::time_point at;
  };
  double rate_;
  std::map<std::string, Allowance> addresses_;
};

}  // namespace athanor::http

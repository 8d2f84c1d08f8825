#include "athanor/run/http/rate_limit.h"

#include <algorithm>

namespace athanor::http {
namespace {

constexpr size_t kMostAddresses = 1024;

}  // namespace

bool RateLimit::allow(const std::string& address, Clock::time_point now) {
  if (addresses_.size() > kMostAddresses) addresses_.clear();
  Allowance& one = addresses_.try_emplace(address, Allowance{2 * rate_, now}).first->second;
  one.left = std::min(2 * rate_, one.left + rate_ * std::chrono::duration<double>(now - one.at).count());
  one.at = now;
  if (one.left < 1) return false;
  one.left -= 1;
  return true;
}

}  // namespace athanor::http

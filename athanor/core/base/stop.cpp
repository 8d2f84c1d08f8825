#include "athanor/core/base/stop.h"

namespace athanor::base {
namespace {

std::atomic<bool> wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

}  // namespace

void request_stop() { wanted.store(true, std::memory_order_relaxed); }
bool stop_requested() { return wanted.load(std::memory_order_relaxed); }
void clear_stop() { wanted.store(false, std::memory_order_relaxed); }

}  // namespace athanor::base

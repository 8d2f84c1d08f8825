#include "athanor/core/base/stop.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace athanor::base {
namespace {

TEST(Stop, IsRequestedFromASignalHandlerAndCleared) {
  EXPECT_FALSE(stop_requested());
  const auto before = signal(SIGUSR1, [](int) { request_stop(); });
  raise(SIGUSR1);
  signal(SIGUSR1, before);
  EXPECT_TRUE(stop_requested());
  clear_stop();
  EXPECT_FALSE(stop_requested());
}

}  // namespace
}  // namespace athanor::base

#include "athanor/core/base/budget.h"

#include <gtest/gtest.h>

#include <thread>

#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

using std::chrono::milliseconds;

TEST(Fuel, EndsWithAnInputError) {
  Fuel fuel(3, "text.template");
  fuel.burn();
  fuel.burn(2);
  EXPECT_EQ(fuel.left(), 0u);
  fuel.burn(0);
  try {
    fuel.burn();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_STREQ(error.what(), "[text.template] this needs more steps than are allowed");
  }
}

TEST(Fuel, AHugeBillDoesNotWrapAround) {
  Fuel fuel(3, "x");
  EXPECT_THROW(fuel.burn(~uint64_t{0}), Error);
  EXPECT_EQ(fuel.left(), 3u);
}

TEST(Deadline, PassesWhenItsTimeIsOver) {
  const Deadline later(milliseconds(60'000), "x"), now(milliseconds(0), "text.template");
  EXPECT_FALSE(later.passed());
  EXPECT_NO_THROW(later.check());
  std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(now.passed());
  EXPECT_THROW(now.check(), Error);
}

}  // namespace
}  // namespace athanor::base

#include "athanor/core/kernels/isa.h"

#include <gtest/gtest.h>

#include "athanor/core/base/error.h"

namespace athanor::kernels {
namespace {

TEST(Isa, ForcedLevelHoldsForItsLifetime) {
  const IsaLevel before = isa_level();
  {
    ForceIsaLevel forced(IsaLevel::kScalar);
    EXPECT_EQ(isa_level(), IsaLevel::kScalar);
  }
  EXPECT_EQ(isa_level(), before);
}

TEST(Isa, MoreThanTheProcessorHasIsRefused) {
  if (best_isa_level() == IsaLevel::kVnni) GTEST_SKIP() << "this processor has everything";
  EXPECT_THROW(ForceIsaLevel forced(IsaLevel::kVnni), base::Error);
}

TEST(Isa, NamesAreThoseOfTheEnvironmentVariable) {
  EXPECT_EQ(isa_name(IsaLevel::kScalar), "scalar");
  EXPECT_EQ(isa_name(IsaLevel::kVnni), "vnni");
}

// ATHANOR_ISA is read once per process, so each value gets a process of its own.
int exit_code_with(const char* value) {
  setenv("ATHANOR_ISA", value, 1);
  try {
    return isa_level() == IsaLevel::kScalar ? 0 : 1;
  } catch (const base::Error& error) {
    fputs(error.what(), stderr);
    return error.exit_code();
  }
}

TEST(IsaDeathTest, EnvironmentForcesALevel) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::exit(exit_code_with("scalar")), testing::ExitedWithCode(0), "");
}

TEST(IsaDeathTest, UnknownLevelIsAnInputError) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::exit(exit_code_with("sse9")), testing::ExitedWithCode(2), "scalar, avx2, avx512 or vnni");
}

}  // namespace
}  // namespace athanor::kernels

#include "athanor/core/base/dtype.h"

#include <gtest/gtest.h>

#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

TEST(DTypes, NamesAndSizesGoThereAndBack) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(dtype_name(dtype)), dtype);
    EXPECT_GE(dtype_size(dtype), 1u);
  }
  EXPECT_EQ(dtype_name(DType::kF8E4M3), "F8_E4M3");
  EXPECT_EQ(dtype_size(DType::kBF16), 2u);
  EXPECT_EQ(dtype_size(DType::kI64), 8u);
}

TEST(DTypes, UnknownNames) {
  EXPECT_EQ(dtype_from_name("f32"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
  EXPECT_EQ(dtype_from_user("F32"), std::nullopt);
  EXPECT_THROW(dtype_size(static_cast<DType>(99)), Error);
}

TEST(DTypes, UsersWords) {
  EXPECT_EQ(dtype_from_user("bfloat16"), DType::kBF16);
  EXPECT_EQ(dtype_from_user("half"), DType::kF16);
  EXPECT_EQ(dtype_from_user("int8"), DType::kI8);
}

}  // namespace
}  // namespace athanor::base

#include "athanor/core/base/dtype.h"

#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

struct Row {
  DType dtype;
  size_t size;
  std::string_view name;
};

constexpr Row kRows[] = {
    {DType::kF64, 8, "F64"},        {DType::kF32, 4, "F32"},        {DType::kF16, 2, "F16"},   {DType::kBF16, 2, "BF16"},
    {DType::kF8E4M3, 1, "F8_E4M3"}, {DType::kF8E5M2, 1, "F8_E5M2"}, {DType::kI64, 8, "I64"},   {DType::kI32, 4, "I32"},
    {DType::kI16, 2, "I16"},        {DType::kI8, 1, "I8"},          {DType::kU64, 8, "U64"},   {DType::kU32, 4, "U32"},
    {DType::kU16, 2, "U16"},        {DType::kU8, 1, "U8"},          {DType::kBool, 1, "BOOL"},
};

const Row& row_of(DType dtype) {
  for (const Row& row : kRows)
    if (row.dtype == dtype) return row;
  bug("base.dtype", {"a value that is no DType"});
}

struct UserName {
  std::string_view text;
  DType dtype;
};

constexpr UserName kUserNames[] = {
    {"f32", DType::kF32}, {"float32", DType::kF32}, {"float", DType::kF32}, {"bf16", DType::kBF16}, {"bfloat16", DType::kBF16},
    {"f16", DType::kF16}, {"float16", DType::kF16}, {"half", DType::kF16},  {"i8", DType::kI8},     {"int8", DType::kI8},
};

}  // namespace

size_t dtype_size(DType dtype) { return row_of(dtype).size; }
std::string_view dtype_name(DType dtype) { return row_of(dtype).name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const Row& row : kRows)
    if (row.name == name) return row.dtype;
  return std::nullopt;
}

std::optional<DType> dtype_from_user(std::string_view text) {
  for (const UserName& known : kUserNames)
    if (known.text == text) return known.dtype;
  return std::nullopt;
}

}  // namespace athanor::base

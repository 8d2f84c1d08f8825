#pragma once
// Element types of arrays in files and in memory.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace athanor::base {

enum class DType : uint8_t { kF64, kF32, kF16, kBF16, kF8E4M3, kF8E5M2, kI64, kI32, kI16, kI8, kU64, kU32, kU16, kU8, kBool };

/// Bytes of one element.
size_t dtype_size(DType dtype);
/// safetensors' name: "F32", "BF16", "F8_E4M3", "BOOL", ...
std::string_view dtype_name(DType dtype);
/// From safetensors' name; nullopt where unknown.
std::optional<DType> dtype_from_name(std::string_view name);
/// From what a user types: f32, float32, bf16, bfloat16, f16, float16, half, i8, int8; nullopt where unknown.
std::optional<DType> dtype_from_user(std::string_view text);

}  // namespace athanor::base

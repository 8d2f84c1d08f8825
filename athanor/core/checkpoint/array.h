#pragma once
// Named arrays: what a checkpoint is made of.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "athanor/core/base/dtype.h"

namespace athanor::checkpoint {

struct BlockFormat;

/// A row-major, little-endian array that somebody else keeps alive (a mapped file, a tensor).
struct ArrayView {
  base::DType dtype = base::DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
  const BlockFormat* blocks = nullptr;  // set: `bytes` are blocks along the rows that decode to `dtype`, which is F32 then

  int64_t count() const {
    int64_t n = 1;
    for (int64_t d : shape) n *= d;
    return n;
  }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(bytes.data());
  }
};

struct NamedArray {
  std::string name;
  ArrayView array;
};

/// "[4096, 11008]".
std::string shape_text(std::span<const int64_t> shape);

/// Any of F32, F16, BF16, F64, or blocks, as float32 values; file_error for another type. `name` is for the message.
std::vector<float> to_f32(const ArrayView& array, const std::string& name);

}  // namespace athanor::checkpoint

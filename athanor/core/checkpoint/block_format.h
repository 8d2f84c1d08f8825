#pragma once
// How GGUF holds numbers: a row is cut into blocks of a fixed count, and each block has scales of its own. One row per type in
// catalog.cpp; what they decode to equals the `gguf` Python package bit by bit.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/dtype.h"

namespace athanor::checkpoint {

struct BlockFormat : base::Entry {   // name as GGUF spells it: "Q4_K"
  uint32_t id;                       // ggml_type, as files number it
  int64_t values, bytes;             // of one block
  std::optional<base::DType> plain;  // a type that other files know too; its arrays need no decoding
  /// `count` blocks, which may begin at any address, to count * values floats.
  void (*decode)(const std::byte* blocks, int64_t count, float* out);
  /// The other way; nullptr where the type is only read.
  void (*encode)(const float* in, int64_t count, std::byte* blocks);
};

std::span<const BlockFormat> block_formats();
/// nullptr where the number is none of the rows.
const BlockFormat* find_block_format(uint32_t id);
/// By name; bug where there is none.
const BlockFormat& block_format(std::string_view name);

}  // namespace athanor::checkpoint

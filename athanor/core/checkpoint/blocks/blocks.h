#pragma once
// What the files of this shelf share: blocks lie at any address, so they are copied out and in. Internal to the room.

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace athanor::checkpoint {

/// decode(block, values) for each of `count` blocks that lie one after another.
template <typename Block, typename Decode>
void each_block(const std::byte* bytes, int64_t count, float* out, int64_t values, Decode decode) {
  for (int64_t i = 0; i < count; ++i) {
    Block block;
    std::memcpy(&block, bytes + i * static_cast<int64_t>(sizeof(Block)), sizeof(Block));
    decode(block, out + i * values);
  }
}

/// encode(values) -> Block, for each of `count` blocks.
template <typename Block, typename Encode>
void each_block_out(const float* in, int64_t count, std::byte* bytes, int64_t values, Encode encode) {
  for (int64_t i = 0; i < count; ++i) {
    const Block block = encode(in + i * values);
    std::memcpy(bytes + i * static_cast<int64_t>(sizeof(Block)), &block, sizeof(Block));
  }
}

/// x without its fraction, within [low, high]; low where x is no number.
inline int bounded(float x, int low, int high) {
  if (!(x > static_cast<float>(low))) return low;
  return x >= static_cast<float>(high) ? high : static_cast<int>(x);
}

}  // namespace athanor::checkpoint

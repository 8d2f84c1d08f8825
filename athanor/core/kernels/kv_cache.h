#pragma once
// Keys and values of one layer's past positions, and attention over them: causal, grouped queries without repeating keys, sums in
// float32. Scores of a query are scale * q.k over all positions up to its own, or over a window of them; optionally capped
// (Gemma 2: cap * tanh(score / cap)) and with ALiBi's -slope * distance added. Values may be of another width than keys.
//
// Keys lie transposed in blocks of 32 positions and values row by row, so that both products of attention are the product of tile.h
// with nothing to repack. kBF16 rounds keys, values, queries and the softmax's numerators to bfloat16.

#include <cstddef>
#include <cstdint>

namespace athanor::kernels {

enum class KvType { kF32, kBF16 };

/// The cache of one layer: [kv_heads] times (keys, values), for `capacity` positions. Position p lies at p % padded_capacity(), so
/// that a layer with a window may go on past its capacity: a ring, as long as what a query sees is not overwritten yet.
struct KvShape {
  KvType type = KvType::kF32;
  int64_t kv_heads = 0, head_dim = 0, capacity = 0;
  int64_t value_dim = 0;  // numbers of a value; 0: head_dim

  /// Exactly what one layer takes.
  uint64_t layer_bytes() const { return static_cast<uint64_t>(kv_heads) * 4 * static_cast<uint64_t>(head_words()); }

  // Layout, in 32-bit words. Keys: [capacity / 32][key_units][32 positions]; a unit is one float32 or two bfloat16 of a head.
  // Values: [capacity / positions of a word][value_width]; a word is one float32, or bfloat16 of an even and the next position.
  int64_t padded_capacity() const { return (capacity + 31) / 32 * 32; }
  int64_t key_units() const { return type == KvType::kF32 ? head_dim : (head_dim + 1) / 2; }
  int64_t value_size() const { return value_dim ? value_dim : head_dim; }
  int64_t value_width() const { return (value_size() + 15) / 16 * 16; }
  int64_t key_words() const { return padded_capacity() * key_units(); }
  int64_t head_words() const { return key_words() + padded_capacity() * value_width() / (type == KvType::kF32 ? 1 : 2); }
};

/// Memory of one layer: layer_bytes() long, 64-byte aligned, zero in the beginning.
struct KvLayer {
  KvShape shape;
  uint32_t* memory = nullptr;
};

/// Writes positions first .. first + count: k [count, kv_heads * head_dim] and v [count, kv_heads * value_size()] with `stride`
/// floats from row to row.
void kv_store(const KvLayer& layer, int64_t first, int64_t count, const float* k, const float* v, int64_t stride);

/// Copies positions [first, end), at most the capacity, of another cache of the same shape: 32 at a time, so what lies before
/// `first` in its block comes too and must be the same in both.
void kv_copy(const KvLayer& to, const KvLayer& from, int64_t first, int64_t end);

struct Queries {
  const float* q = nullptr;  // [count, heads * head_dim]
  int64_t q_stride = 0;
  float* out = nullptr;  // [count, heads * value_size()]
  int64_t out_stride = 0;
  int64_t heads = 0;             // a multiple of kv_heads: query head h reads key head h / (heads / kv_heads)
  int64_t first = 0, count = 0;  // positions; their keys are stored already
  float scale = 1;
  int64_t window = 0;             // positions that a query sees, its own included; 0: all up to its own
  float cap = 0;                  // scores become cap * tanh(score / cap); 0: as they are
  const float* slopes = nullptr;  // [heads], ALiBi's; null: none

  /// The first position that a query at `position` sees.
  int64_t first_key(int64_t position) const { return window > 0 && position >= window ? position - window + 1 : 0; }
};

void kv_attention(const KvLayer& layer, const Queries& queries);

}  // namespace athanor::kernels

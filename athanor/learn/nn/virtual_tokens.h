#pragma once
// Positions that no text fills, in front of every sample of a row: where soft prompts and prefixes live. They are rows of the batch
// like any other, so that packing, windows, grouped heads and every attention kernel work on them unchanged.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "athanor/learn/nn/module.h"

namespace athanor::nn {

struct KeyValue {
  at::Tensor key, value;  // [count, G, D], the key as attention reads it (after rotation)
};

class VirtualTokens : public Module {
 public:
  virtual int64_t count() const = 0;
  /// Called once before each pass.
  virtual void begin_pass() {}
  /// [count, C], what stands in the place of word embeddings; undefined: nothing that matters.
  virtual at::Tensor embeddings() { return {}; }
  /// Keys and values of a layer; undefined: the layer makes its own.
  virtual KeyValue key_values(int64_t) { return {}; }
};

/// A batch [B, T] with `count` virtual positions in front of every sample, [B, T']: a sample begins where row_start says that
/// nothing before it is seen. Its positions move by `count`; rows with fewer samples than others are filled up at the end.
struct SpreadRows {
  at::Tensor ids, positions, row_start;  // [B, T'] int32; ids are 0 where nothing was given
  at::Tensor virtual_index;              // [B, T'] int64: 0 .. count - 1, or -1 at given and filling positions
  at::Tensor given;                      // [B * T] int64: where each given position went, in B * T'
};
/// `positions` and `row_start` may be undefined: 0 .. T - 1, and one sample in each row.
SpreadRows spread_rows(const at::Tensor& ids, const at::Tensor& positions, const at::Tensor& row_start, int64_t count);

}  // namespace athanor::nn

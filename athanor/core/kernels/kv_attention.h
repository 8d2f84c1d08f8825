#pragma once
// What kv_cache.cpp needs of one instruction set. Private to the room.

#include "athanor/core/kernels/kv_cache.h"

namespace athanor::kernels {

/// Some queries of one key head against a range of positions.
struct AttentionTask {
  int64_t kv_head;
  int64_t query_begin, query_end;  // within Queries
  int64_t key_begin, key_end;      // positions; key_begin a multiple of 32
  // Null: the softmax is finished and written to Queries::out. Otherwise unfinished sums for merging, per row (query, head of the
  // group): [rows][value_width + 2] floats: sum of e^(s - m) v, then m, then the sum of e^(s - m).
  float* unfinished;
};

using AttentionKernel = void (*)(const KvLayer& layer, const Queries& queries, const AttentionTask& task);

void attention_scalar(const KvLayer& layer, const Queries& queries, const AttentionTask& task);
void attention_avx2(const KvLayer& layer, const Queries& queries, const AttentionTask& task);
void attention_avx512(const KvLayer& layer, const Queries& queries, const AttentionTask& task);
void attention_vnni(const KvLayer& layer, const Queries& queries, const AttentionTask& task);

}  // namespace athanor::kernels

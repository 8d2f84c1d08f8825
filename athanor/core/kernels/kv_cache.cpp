#include "athanor/core/kernels/kv_cache.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "athanor/core/base/half.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/aligned.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/core/kernels/kv_attention.h"

namespace athanor::kernels {
namespace {

constexpr int64_t kRowsPerTask = 84;    // rows (queries x heads of a group) that share one pass over keys: some ten tiles
constexpr int64_t kKeysPerTask = 1024;  // a single query over more positions than this is shared out and merged

AttentionKernel kernel_in_force() {
  switch (isa_level()) {
    case IsaLevel::kVnni:
      return attention_vnni;
    case IsaLevel::kAvx512:
      return attention_avx512;
    case IsaLevel::kAvx2:
      return attention_avx2;
    case IsaLevel::kScalar:
      break;
  }
  return attention_scalar;
}

// `position`: where in the memory, not in the sequence.
void store_f32(const KvShape& shape, uint32_t* head, int64_t position, const float* k, const float* v) {
  uint32_t* keys = head + position / 32 * 32 * shape.key_units() + position % 32;
  for (int64_t d = 0; d < shape.head_dim; ++d) std::memcpy(keys + d * 32, k + d, 4);
  std::memcpy(head + shape.key_words() + position * shape.value_width(), v, static_cast<size_t>(shape.value_size()) * 4);
}

void store_bf16(const KvShape& shape, uint32_t* head, int64_t position, const float* k, const float* v) {
  const int64_t dim = shape.head_dim;
  uint32_t* keys = head + position / 32 * 32 * shape.key_units() + position % 32;
  for (int64_t d = 0; d < dim; d += 2) {
    const uint32_t high = d + 1 < dim ? base::f32_to_bf16(k[d + 1]) : 0;
    keys[d / 2 * 32] = base::f32_to_bf16(k[d]) | high << 16;
  }
  // An even position clears its partner, so that what an earlier sequence left there is never multiplied, not even by zero.
  uint32_t* values = head + shape.key_words() + position / 2 * shape.value_width();
  for (int64_t d = 0; d < shape.value_size(); ++d) {
    const uint32_t value = base::f32_to_bf16(v[d]);
    values[d] = position % 2 == 0 ? value : (values[d] & 0xffff) | value << 16;
  }
}

// Joins what several tasks found for the same rows: weights e^(m_i - m).
void merge(const KvLayer& layer, const Queries& queries, int64_t kv_head, const float* parts, int64_t splits, int64_t rows) {
  const int64_t dim = layer.shape.value_size(), width = layer.shape.value_width() + 2, group = queries.heads / layer.shape.kv_heads;
  for (int64_t r = 0; r < rows; ++r) {
    float most = -INFINITY, sum = 0;
    for (int64_t s = 0; s < splits; ++s) most = std::max(most, parts[(s * rows + r) * width + width - 2]);
    float* out = queries.out + r / group * queries.out_stride + (kv_head * group + r % group) * dim;
    std::fill(out, out + dim, 0.0f);
    for (int64_t s = 0; s < splits; ++s) {
      const float* part = parts + (s * rows + r) * width;
      const float weight = std::exp(part[width - 2] - most);
      sum += weight * part[width - 1];
      for (int64_t d = 0; d < dim; ++d) out[d] += weight * part[d];
    }
    for (int64_t d = 0; d < dim; ++d) out[d] /= sum;
  }
}

/// The beginning of a position's block of 32.
int64_t block_of(int64_t position) { return position / 32 * 32; }

// One query over a long past: key ranges are tasks too. How they are cut depends on the length alone, so threads change no number.
void attend_in_parts(const KvLayer& layer, const Queries& queries, AttentionKernel kernel) {
  const int64_t heads = layer.shape.kv_heads, rows = queries.heads / heads;
  const int64_t start = block_of(queries.first_key(queries.first)), end = queries.first + 1;
  const int64_t splits = (end - start + kKeysPerTask - 1) / kKeysPerTask, width = layer.shape.value_width() + 2;
  thread_local AlignedBuffer memory;
  float* parts = memory.at_least<float>(heads * splits * rows * width);
  base::parallel_dynamic(heads * splits, 1, [&](int64_t begin, int64_t task_end) {
    for (int64_t t = begin; t < task_end; ++t) {
      const int64_t from = start + t % splits * kKeysPerTask;
      kernel(layer, queries, {t / splits, 0, 1, from, std::min(from + kKeysPerTask, end), parts + t * rows * width});
    }
  });
  for (int64_t h = 0; h < heads; ++h) merge(layer, queries, h, parts + h * splits * rows * width, splits, rows);
}

}  // namespace

void kv_store(const KvLayer& layer, int64_t first, int64_t count, const float* k, const float* v, int64_t stride) {
  const KvShape& shape = layer.shape;
  const auto store = shape.type == KvType::kF32 ? store_f32 : store_bf16;
  // By heads, not positions: two positions may share a word.
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(count * shape.head_dim, 1));
  base::parallel_for(shape.kv_heads, grain, [&](int64_t begin, int64_t end) {
    for (int64_t h = begin; h < end; ++h)
      for (int64_t i = 0; i < count; ++i)
        store(shape, layer.memory + h * shape.head_words(), (first + i) % shape.padded_capacity(),
              k + i * stride + h * shape.head_dim, v + i * stride + h * shape.value_size());
  });
}

void kv_copy(const KvLayer& to, const KvLayer& from, int64_t first, int64_t end) {
  if (first >= end) return;
  const KvShape& shape = to.shape;
  const int64_t begin = first / 32 * 32, stop = (end + 31) / 32 * 32;
  const int64_t value_rows = shape.type == KvType::kF32 ? 1 : 2;
  const auto copy = [&](int64_t head, int64_t offset, int64_t words) {
    const int64_t at = head * shape.head_words() + offset;
    std::memcpy(to.memory + at, from.memory + at, static_cast<size_t>(words) * 4);
  };
  for (int64_t at = begin, count; at < stop; at += count) {  // in two pieces where a ring comes around between
    const int64_t place = at % shape.padded_capacity();
    count = std::min(stop - at, shape.padded_capacity() - place);
    for (int64_t h = 0; h < shape.kv_heads; ++h) {
      copy(h, place * shape.key_units(), count * shape.key_units());
      copy(h, shape.key_words() + place * shape.value_width() / value_rows, count * shape.value_width() / value_rows);
    }
  }
}

void kv_attention(const KvLayer& layer, const Queries& queries) {
  const AttentionKernel kernel = kernel_in_force();
  const int64_t start = block_of(queries.first_key(queries.first));
  if (queries.count == 1 && queries.first - start >= kKeysPerTask) return attend_in_parts(layer, queries, kernel);
  const int64_t group = queries.heads / layer.shape.kv_heads;
  const int64_t per_task = std::max<int64_t>(1, kRowsPerTask / group), blocks = (queries.count + per_task - 1) / per_task;
  const int64_t work = std::min(per_task, queries.count) * group * (queries.first + queries.count - start) * layer.shape.head_dim;
  const int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(work, 1));
  base::parallel_dynamic(layer.shape.kv_heads * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      // The last queries first: they see the most keys.
      const int64_t from = (blocks - 1 - t / layer.shape.kv_heads) * per_task, to = std::min(from + per_task, queries.count);
      const int64_t keys = block_of(queries.first_key(queries.first + from));
      kernel(layer, queries, {t % layer.shape.kv_heads, from, to, keys, queries.first + to, nullptr});
    }
  });
}

}  // namespace athanor::kernels

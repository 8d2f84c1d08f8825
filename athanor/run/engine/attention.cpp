// Attention of one layer over its cache: projections, norms of queries and keys, rotation, scores with what the spec adds to them.

#include <algorithm>

#include "athanor/core/kernels/rope.h"
#include "athanor/run/engine/executor.h"

namespace athanor::engine {

/// Norms of queries or keys [tokens, heads, D], head by head or over their whole width.
void Executor::normalize_heads(const Norm& norm, int64_t heads, float* x, int64_t tokens) const {
  const int64_t stride = q_width_ + 2 * kv_width_, dim = spec_.head_dim;
  if (spec_.qk_norm == models::QkNorm::kWidth) return apply(norm, tokens, heads * dim, stride, x, x);
  const int64_t own = spec_.qk_norm == models::QkNorm::kEachHead ? dim : 0;  // weights from one head to the next
  for (int64_t h = 0; h < heads; ++h) apply(norm, tokens, dim, stride, x + h * dim, x + h * dim, h * own);
}

/// delta = out(attention(y)); the chunk's keys and values go into the cache.
void Executor::attend(int64_t index, int64_t tokens) {
  const Layer& layer = model_->layers[static_cast<size_t>(index)];
  if (layer.latent)
    attend_latent(index, tokens);
  else
    attend_plain(index, tokens);
  const kernels::Product out = {layer.out.weight, layer.out.bias_or_null(), delta_, spec_.hidden};
  kernels::matmul(attended_, tokens, layer.out.weight.columns, {&out, 1}, work_);
}

/// Stores the rows' keys and values [tokens, ...] and lets the rows' queries see them, each sequence over its own cache; what a
/// layer with a ring has no room for at once goes step by step. `queries` says all but positions, of the first row.
void Executor::attend_cached(int64_t layer, const float* k, const float* v, int64_t stride, const kernels::Queries& queries) {
  int64_t row = 0;
  for (const SequenceRows& rows : sequences_) {
    const kernels::KvLayer cache = rows.cache->layer(layer);
    kernels::Queries step = queries;
    for (int64_t done = 0; done < rows.count; done += step.count, row += step.count) {
      step.first = rows.cache->length() + done;
      step.count = std::min(rows.count - done, rows.cache->step_of(layer));
      step.q = queries.q + row * queries.q_stride;
      step.out = queries.out + row * queries.out_stride;
      kernels::kv_store(cache, step.first, step.count, k + row * stride, v + row * stride, stride);
      kernels::kv_attention(cache, step);
    }
  }
}

/// The keys and values of a prefix, which are there as attention reads them.
void Executor::store_prefix(SequenceCache& cache) {
  const models::VirtualTokens& tokens = model_->virtual_tokens;
  const int64_t width = kv_width_, stride = 2 * spec_.layers * width;
  for (int64_t layer = 0; layer < spec_.layers; ++layer) {
    const float* keys = tokens.key_values.data() + 2 * layer * width;
    for (int64_t done = 0, count; done < tokens.count; done += count) {
      count = std::min(tokens.count - done, cache.step_of(layer));
      kernels::kv_store(cache.layer(layer), done, count, keys + done * stride, keys + done * stride + width, stride);
    }
  }
  cache.grow(tokens.count);
}

void Executor::attend_plain(int64_t index, int64_t tokens) {
  const Layer& layer = model_->layers[static_cast<size_t>(index)];
  const models::LayerSpec kind = spec_.layer(index);
  const int64_t stride = q_width_ + 2 * kv_width_;
  kernels::Product products[3];
  int64_t column = 0;
  for (size_t i = 0; i < layer.qkv.size(); ++i) {
    products[i] = {layer.qkv[i].weight, layer.qkv[i].bias_or_null(), qkv_ + column, stride};
    column += layer.qkv[i].weight.rows;
  }
  kernels::matmul(y_, tokens, spec_.hidden, {products, layer.qkv.size()}, work_);
  if (layer.q_norm) normalize_heads(layer.q_norm, spec_.heads, qkv_, tokens);
  if (layer.k_norm) normalize_heads(layer.k_norm, spec_.kv_heads, qkv_ + q_width_, tokens);
  if (spec_.position == models::PositionKind::kRope && kind.rope != models::LayerRope::kNone) {
    const bool local = kind.rope == models::LayerRope::kLocal;
    const models::RopeSpec& rope = local ? spec_.local_rope : spec_.rope;
    // q and k lie side by side: one call turns the heads of both
    const kernels::RotaryShape shape = {.tokens = tokens,
                                        .heads = spec_.heads + spec_.kv_heads,
                                        .head_dim = spec_.head_dim,
                                        .dims = rope.dims,
                                        .x_token_stride = stride,
                                        .y_token_stride = stride,
                                        .interleaved = rope.interleaved};
    kernels::rotate(shape, qkv_, rows_.data(), angles_[local].cosines, angles_[local].sines, qkv_);
  }
  attend_cached(index, qkv_ + q_width_, qkv_ + q_width_ + kv_width_, stride,
                {.q = qkv_,
                 .q_stride = stride,
                 .out = attended_,
                 .out_stride = q_width_,
                 .heads = spec_.heads,
                 .scale = scale_,
                 .window = kind.window,
                 .cap = static_cast<float>(spec_.attention_cap),
                 .slopes = slopes_.empty() ? nullptr : slopes_.data()});
}

}  // namespace athanor::engine

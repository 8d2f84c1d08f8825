// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434) over its compressed cache. Per token the cache keeps one row
//   [c, r]: c = norm(down(x)) of kv_rank numbers, r the part of the key that turns, shared by all heads.
// A head's key is [U c, r], its value V c. Since q . U c = (U^T q) . c, queries go down to kv_rank once and attention is that of
// many query heads over one key head (multi-query attention) whose values are c; V lifts the mixed c. Nothing of size heads x
// length is ever made. For long prompts this costs kv_rank / plain_dim times the products of making the keys: decoding is what it
// is for.

#include <algorithm>

#include "athanor/core/kernels/norms.h"
#include "athanor/core/kernels/rope.h"
#include "athanor/run/engine/executor.h"

namespace athanor::engine {

/// Queries [tokens, H (plain + rope)] of y, their last rope_dim numbers turned.
float* Executor::latent_queries(const Latent& latent, int64_t tokens) {
  const models::LatentSpec& spec = spec_.latent;
  const int64_t stride = q_width_;
  const float* from = y_;
  int64_t width = spec_.hidden;
  if (spec.q_rank > 0) {
    float* low = low_memory_.at_least<float>(tokens * spec.q_rank);
    const kernels::Product down = {latent.q_down.weight, nullptr, low, spec.q_rank};
    kernels::matmul(y_, tokens, width, {&down, 1}, work_);
    kernels::rms_norm({tokens, spec.q_rank}, low, latent.q_norm.weight.data(), static_cast<float>(spec.norm_eps), low, nullptr);
    from = low;
    width = spec.q_rank;
  }
  const kernels::Product up = {latent.q_up.weight, nullptr, qkv_, stride};
  kernels::matmul(from, tokens, width, {&up, 1}, work_);
  const kernels::RotaryShape shape = {.tokens = tokens,
                                      .heads = spec_.heads,
                                      .head_dim = spec.rope_dim,
                                      .dims = spec.rope_dim,
                                      .x_token_stride = stride,
                                      .y_token_stride = stride,
                                      .x_head_stride = spec_.head_dim,
                                      .y_head_stride = spec_.head_dim,
                                      .interleaved = spec_.rope.interleaved};
  kernels::rotate(shape, qkv_ + spec.plain_dim, rows_.data(), angles_[0].cosines, angles_[0].sines, qkv_ + spec.plain_dim);
  return qkv_;
}

/// The rows [c, r] of the chunk, [tokens, kv_rank + rope_dim].
const float* Executor::latent_rows(const Latent& latent, int64_t tokens) {
  const models::LatentSpec& spec = spec_.latent;
  const int64_t stride = spec.kv_rank + spec.rope_dim;
  float* rows = latent_memory_.at_least<float>(tokens * stride);
  const kernels::Product down = {latent.kv_down.weight, nullptr, rows, stride};
  kernels::matmul(y_, tokens, spec_.hidden, {&down, 1}, work_);
  kernels::rms_norm({tokens, spec.kv_rank, stride, stride}, rows, latent.kv_norm.weight.data(), static_cast<float>(spec.norm_eps),
                    rows, nullptr);
  const kernels::RotaryShape shape = {.tokens = tokens,
                                      .heads = 1,
                                      .head_dim = spec.rope_dim,
                                      .dims = spec.rope_dim,
                                      .x_token_stride = stride,
                                      .y_token_stride = stride,
                                      .interleaved = spec_.rope.interleaved};
  kernels::rotate(shape, rows + spec.kv_rank, rows_.data(), angles_[0].cosines, angles_[0].sines, rows + spec.kv_rank);
  return rows;
}

void Executor::attend_latent(int64_t index, int64_t tokens) {
  const Latent& latent = *model_->layers[static_cast<size_t>(index)].latent;
  const models::LatentSpec& spec = spec_.latent;
  const int64_t row = spec.kv_rank + spec.rope_dim, wide = spec_.heads * row, mixed = spec_.heads * spec.kv_rank;
  const float* queries = latent_queries(latent, tokens);
  const float* rows = latent_rows(latent, tokens);

  float* low = absorbed_memory_.at_least<float>(tokens * (wide + mixed));
  float* sums = low + tokens * wide;
  for (int64_t h = 0; h < spec_.heads; ++h) {
    const float* head = queries + h * spec_.head_dim;
    const kernels::Product down = {latent.key[static_cast<size_t>(h)], nullptr, low + h * row, wide};
    kernels::matmul(head, tokens, q_width_, {&down, 1}, work_);
    for (int64_t t = 0; t < tokens; ++t)
      std::copy_n(head + t * q_width_ + spec.plain_dim, spec.rope_dim, low + t * wide + h * row + spec.kv_rank);
  }

  attend_cached(index, rows, rows, row,
                {.q = low,
                 .q_stride = wide,
                 .out = sums,
                 .out_stride = mixed,
                 .heads = spec_.heads,
                 .scale = scale_,
                 .window = spec_.layer(index).window});
  const int64_t out_width = spec_.heads * spec_.value_size();
  for (int64_t h = 0; h < spec_.heads; ++h) {
    const kernels::Product up = {latent.value[static_cast<size_t>(h)], nullptr, attended_ + h * spec_.value_size(), out_width};
    kernels::matmul(sums + h * spec.kv_rank, tokens, mixed, {&up, 1}, work_);
  }
}

}  // namespace athanor::engine

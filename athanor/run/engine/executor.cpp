#include "athanor/run/engine/executor.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/kernels/activation.h"
#include "athanor/core/kernels/norms.h"
#include "athanor/core/kernels/quantize_i8.h"
#include "athanor/core/kernels/rope.h"

namespace athanor::engine {
namespace {

void check_memory(const LoadedModel& model) {
  const uint64_t bytes = model.session_cache_bytes();
  const auto pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  const uint64_t memory = pages > 0 && page > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page) : UINT64_MAX;
  if (bytes <= memory) return;
  const uint64_t per_token = std::max<uint64_t>(bytes / static_cast<uint64_t>(model.context), 1);
  base::input_error("engine.context",
                    {base::cat("the KV cache of ", model.context, " tokens is larger than this machine's memory"),
                     base::human_bytes(static_cast<double>(bytes)), base::human_bytes(static_cast<double>(memory)),
                     base::cat("a context of at most ", memory / per_token)});
}

}  // namespace

Executor::Executor(std::shared_ptr<const LoadedModel> model) : model_(std::move(model)), spec_(model_->spec()) {
  check_memory(*model_);
  cache_ = Pages(model_->session_cache_bytes(), "the KV cache");
  q_width_ = spec_.heads * spec_.head_dim;
  kv_width_ = spec_.kv_heads * spec_.head_dim;
  const double scale = spec_.attention_scale != 0 ? spec_.attention_scale : 1 / std::sqrt(static_cast<double>(spec_.head_dim));
  scale_ = static_cast<float>(scale);
}

kernels::KvLayer Executor::cache_layer(int64_t layer) const {
  const kernels::KvShape shape = model_->cache_shape();
  return {shape, reinterpret_cast<uint32_t*>(cache_.data() + static_cast<uint64_t>(layer) * shape.layer_bytes())};
}

void Executor::prepare(int64_t tokens) {
  x_ = x_memory_.at_least<float>(tokens * spec_.hidden);
  y_ = y_memory_.at_least<float>(tokens * spec_.hidden);
  delta_ = delta_memory_.at_least<float>(tokens * spec_.hidden);
  qkv_ = qkv_memory_.at_least<float>(tokens * (q_width_ + 2 * kv_width_));
  attended_ = attended_memory_.at_least<float>(tokens * q_width_);
  gate_ = gate_memory_.at_least<float>(tokens * spec_.ffn);
  up_ = up_memory_.at_least<float>(tokens * spec_.ffn);
}

/// Cosines and sines of the chunk's positions.
void Executor::prepare_angles(int64_t tokens, int64_t final_length) {
  if (spec_.position != models::PositionKind::kRope) return;
  const int64_t half = spec_.rope.dims / 2;
  cosines_ = angle_memory_.at_least<float>(tokens * half * 2);
  sines_ = cosines_ + tokens * half;
  if (static_cast<int64_t>(rows_.size()) < tokens) {
    rows_.resize(static_cast<size_t>(tokens));
    std::iota(rows_.begin(), rows_.end(), 0);
  }
  const models::RopeFrequencies frequencies = models::rope_frequencies(spec_.rope, spec_.max_positions, final_length);
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < half; ++i) {
      const float angle = frequencies.inverse[static_cast<size_t>(i)] * static_cast<float>(length_ + t);
      cosines_[t * half + i] = std::cos(angle) * frequencies.attention_factor;
      sines_[t * half + i] = std::sin(angle) * frequencies.attention_factor;
    }
  }
}

void Executor::embed(std::span<const text::TokenId> ids) {
  const bool learned = spec_.position == models::PositionKind::kLearned;
  for (size_t t = 0; t < ids.size(); ++t) {
    float* row = x_ + static_cast<int64_t>(t) * spec_.hidden;
    kernels::weight_row(model_->token_embedding, ids[t], row);
    if (!learned) continue;
    kernels::weight_row(model_->position_embedding, length_ + static_cast<int64_t>(t), delta_);
    for (int64_t c = 0; c < spec_.hidden; ++c) row[c] += delta_[c];
  }
}

void Executor::normalize(const Norm& norm, int64_t tokens) {
  const kernels::NormShape shape = {tokens, spec_.hidden};
  const auto eps = static_cast<float>(spec_.norm_eps);
  if (spec_.norm == models::NormKind::kRms)
    kernels::rms_norm(shape, x_, norm.weight.data(), eps, y_, nullptr);
  else
    kernels::layer_norm<float>(shape, x_, norm.weight.data(), norm.bias.empty() ? nullptr : norm.bias.data(), eps, y_, nullptr,
                               nullptr);
}

void Executor::add_and_normalize(const Norm& norm, int64_t tokens) {
  if (spec_.norm == models::NormKind::kRms)
    return kernels::add_rms_norm(tokens, spec_.hidden, x_, delta_, norm.weight.data(), static_cast<float>(spec_.norm_eps), x_, y_,
                                 nullptr);
  for (int64_t i = 0; i < tokens * spec_.hidden; ++i) x_[i] += delta_[i];
  normalize(norm, tokens);
}

/// delta = out(attention(y)); the chunk's keys and values go into the cache.
void Executor::attend(int64_t index, int64_t tokens) {
  const Layer& layer = model_->layers[static_cast<size_t>(index)];
  const int64_t stride = q_width_ + 2 * kv_width_;
  kernels::Product products[3];
  int64_t column = 0;
  for (size_t i = 0; i < layer.qkv.size(); ++i) {
    products[i] = {layer.qkv[i].weight, layer.qkv[i].bias_or_null(), qkv_ + column, stride};
    column += layer.qkv[i].weight.rows;
  }
  kernels::matmul(y_, tokens, spec_.hidden, {products, layer.qkv.size()}, work_);
  if (spec_.position == models::PositionKind::kRope) {
    // q and k lie side by side: one call turns the heads of both
    const kernels::RotaryShape shape = {.tokens = tokens,
                                        .heads = spec_.heads + spec_.kv_heads,
                                        .head_dim = spec_.head_dim,
                                        .dims = spec_.rope.dims,
                                        .x_token_stride = stride,
                                        .y_token_stride = stride,
                                        .interleaved = spec_.rope.interleaved};
    kernels::rotate(shape, qkv_, rows_.data(), cosines_, sines_, qkv_);
  }
  const kernels::KvLayer layer_cache = cache_layer(index);
  kernels::kv_store(layer_cache, length_, tokens, qkv_ + q_width_, qkv_ + q_width_ + kv_width_, stride);
  kernels::kv_attention(layer_cache, {.q = qkv_,
                                      .q_stride = stride,
                                      .out = attended_,
                                      .out_stride = q_width_,
                                      .heads = spec_.heads,
                                      .first = length_,
                                      .count = tokens,
                                      .scale = scale_});
  const kernels::Product out = {layer.out.weight, layer.out.bias_or_null(), delta_, spec_.hidden};
  kernels::matmul(attended_, tokens, q_width_, {&out, 1}, work_);
}

/// delta = down(act(gate(y)) * up(y)), or down(act(up(y))).
void Executor::feed_forward(const Layer& layer, int64_t tokens) {
  const kernels::Product in[] = {{layer.up.weight, layer.up.bias_or_null(), up_, spec_.ffn},
                                 {layer.gate.weight, layer.gate.bias_or_null(), gate_, spec_.ffn}};
  kernels::matmul(y_, tokens, spec_.hidden, {in, spec_.gated ? size_t{2} : size_t{1}}, work_);
  if (spec_.gated)
    kernels::gated_activation(spec_.activation, {tokens, spec_.ffn}, gate_, up_, up_);
  else
    kernels::activation(spec_.activation, tokens * spec_.ffn, up_, up_);
  const kernels::Product down = {layer.down.weight, layer.down.bias_or_null(), delta_, spec_.hidden};
  kernels::matmul(up_, tokens, spec_.ffn, {&down, 1}, work_);
}

const float* Executor::run(std::span<const text::TokenId> ids, int64_t final_length, std::vector<std::vector<float>>* hidden) {
  const auto tokens = static_cast<int64_t>(ids.size());
  const auto keep = [&](size_t index, const float* from) {
    if (hidden) (*hidden)[index].insert((*hidden)[index].end(), from, from + tokens * spec_.hidden);
  };
  prepare(tokens);
  prepare_angles(tokens, final_length);
  embed(ids);
  keep(0, x_);
  const size_t count = model_->layers.size();
  normalize(count ? model_->layers.front().attn_norm : model_->final_norm, tokens);
  for (size_t i = 0; i < count; ++i) {
    const Layer& layer = model_->layers[i];
    const bool last = i + 1 == count;
    attend(static_cast<int64_t>(i), tokens);
    add_and_normalize(layer.ffn_norm, tokens);
    feed_forward(layer, tokens);
    add_and_normalize(last ? model_->final_norm : model_->layers[i + 1].attn_norm, tokens);
    keep(i + 1, last ? y_ : x_);
  }
  length_ += tokens;
  return y_;
}

void Executor::copy(const Executor& other, int64_t shared) {
  for (int64_t i = 0; i < spec_.layers; ++i) kernels::kv_copy(cache_layer(i), other.cache_layer(i), shared, other.length_);
  length_ = other.length_;
}

const float* Executor::final_norm(const float* state) {
  prepare(1);
  std::copy_n(state, spec_.hidden, x_);
  normalize(model_->final_norm, 1);
  return y_;
}

void Executor::score(const float* states, int64_t tokens, float* scores) {
  const kernels::Product head = {model_->head.weight, model_->head.bias_or_null(), scores, spec_.vocab};
  kernels::matmul(states, tokens, spec_.hidden, {&head, 1}, work_);
}

}  // namespace athanor::engine

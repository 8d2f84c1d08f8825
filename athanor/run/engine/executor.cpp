#include "athanor/run/engine/executor.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "athanor/core/kernels/activation.h"
#include "athanor/core/kernels/norms.h"
#include "athanor/core/kernels/quantize_i8.h"

namespace athanor::engine {
Executor::Executor(std::shared_ptr<const LoadedModel> model) : model_(std::move(model)), spec_(model_->spec()) {
  q_width_ = spec_.q_width();
  kv_width_ = spec_.kv_width();
  ffn_width_ = std::max({spec_.ffn, spec_.experts.ffn, spec_.experts.shared_ffn});
  const double scale = spec_.attention_scale != 0 ? spec_.attention_scale : 1 / std::sqrt(static_cast<double>(spec_.head_dim));
  scale_ = static_cast<float>(scale);
  if (spec_.position == models::PositionKind::kAlibi) slopes_ = models::alibi_slopes(spec_.heads);
  for (float& slope : slopes_) slope *= static_cast<float>(spec_.alibi_scale);
}

void Executor::prepare(int64_t tokens) {
  x_ = x_memory_.at_least<float>(tokens * spec_.hidden);
  y_ = y_memory_.at_least<float>(tokens * spec_.hidden);
  delta_ = delta_memory_.at_least<float>(tokens * spec_.hidden);
  if (spec_.parallel_residual) held_ = held_memory_.at_least<float>(tokens * spec_.hidden);
  qkv_ = qkv_memory_.at_least<float>(tokens * (q_width_ + 2 * kv_width_));
  attended_ = attended_memory_.at_least<float>(tokens * q_width_);
  gate_ = gate_memory_.at_least<float>(tokens * ffn_width_);
  up_ = up_memory_.at_least<float>(tokens * ffn_width_);
}

void Executor::fill(Angles& angles, const models::RopeSpec& rope, int64_t tokens, int64_t final_length) {
  const int64_t half = rope.dims / 2;
  angles.cosines = angles.memory.at_least<float>(tokens * half * 2);
  angles.sines = angles.cosines + tokens * half;
  const models::RopeFrequencies frequencies = models::rope_frequencies(rope, spec_.max_positions, final_length);
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < half; ++i) {
      const float angle = frequencies.inverse[static_cast<size_t>(i)] * static_cast<float>(positions_[static_cast<size_t>(t)]);
      angles.cosines[t * half + i] = std::cos(angle) * frequencies.attention_factor;
      angles.sines[t * half + i] = std::sin(angle) * frequencies.attention_factor;
    }
  }
}

/// Cosines and sines of the chunk's positions.
void Executor::prepare_angles(int64_t tokens, int64_t final_length) {
  if (spec_.position != models::PositionKind::kRope) return;
  if (static_cast<int64_t>(rows_.size()) < tokens) {
    rows_.resize(static_cast<size_t>(tokens));
    std::iota(rows_.begin(), rows_.end(), 0);
  }
  fill(angles_[0], spec_.rope, tokens, final_length);
  if (spec_.local_rope.dims > 0) fill(angles_[1], spec_.local_rope, tokens, final_length);
}

void Executor::embed(std::span<const text::TokenId> ids) {
  const auto scale = static_cast<float>(spec_.embedding_scale);
  for (size_t t = 0; t < ids.size(); ++t) {
    float* row = x_ + static_cast<int64_t>(t) * spec_.hidden;
    kernels::weight_row(model_->token_embedding, ids[t], row);
    if (scale != 1)
      for (int64_t c = 0; c < spec_.hidden; ++c) row[c] *= scale;
  }
}

/// What is done to embeddings, of words or learned ones, before the first layer.
void Executor::finish_embedding(int64_t tokens) {
  if (spec_.position == models::PositionKind::kLearned) {
    for (int64_t t = 0; t < tokens; ++t) {
      kernels::weight_row(model_->position_embedding, positions_[static_cast<size_t>(t)], delta_);
      for (int64_t c = 0; c < spec_.hidden; ++c) x_[t * spec_.hidden + c] += delta_[c];
    }
  }
  if (model_->embedding_norm) apply(model_->embedding_norm, tokens, spec_.hidden, spec_.hidden, x_, x_);
}

/// With the norm's weights (and biases) from `at` on.
void Executor::apply(const Norm& norm, int64_t rows, int64_t width, int64_t stride, const float* x, float* y, int64_t at) const {
  const kernels::NormShape shape = {rows, width, stride, stride};
  const auto eps = static_cast<float>(spec_.norm_eps);
  if (spec_.norm == models::NormKind::kRms)
    kernels::rms_norm(shape, x, norm.weight.data() + at, eps, y, nullptr);
  else
    kernels::layer_norm<float>(shape, x, norm.weight.data() + at, norm.bias.empty() ? nullptr : norm.bias.data() + at, eps, y,
                               nullptr, nullptr);
}

/// y = norm(x), or x itself where there is no norm.
void Executor::normalize(const Norm& norm, int64_t tokens) {
  if (norm)
    apply(norm, tokens, spec_.hidden, spec_.hidden, x_, y_);
  else
    std::copy_n(x_, tokens * spec_.hidden, y_);
}

void Executor::add_and_normalize(const Norm& norm, int64_t tokens) {
  if (norm && spec_.norm == models::NormKind::kRms)
    return kernels::add_rms_norm(tokens, spec_.hidden, x_, delta_, norm.weight.data(), static_cast<float>(spec_.norm_eps), x_, y_,
                                 nullptr);
  for (int64_t i = 0; i < tokens * spec_.hidden; ++i) x_[i] += delta_[i];
  normalize(norm, tokens);
}

/// What a part's output goes through before it is added to the stream.
void Executor::finish_part(const Norm& post_norm, int64_t tokens) {
  if (post_norm) apply(post_norm, tokens, spec_.hidden, spec_.hidden, delta_, delta_);
  const auto scale = static_cast<float>(spec_.residual_scale);
  if (scale != 1)
    for (int64_t i = 0; i < tokens * spec_.hidden; ++i) delta_[i] *= scale;
}

/// delta = what the layer's feed-forward, or its experts, make of y.
void Executor::feed_forward(const Layer& layer, int64_t tokens) {
  if (layer.experts) return mix_experts(*layer.experts, tokens);
  feed_forward(layer.ffn, spec_.ffn, y_, tokens, delta_);
}

/// out = down(act(gate(x)) * up(x)), or down(act(up(x))); `width` numbers inside.
void Executor::feed_forward(const FeedForward& ffn, int64_t width, const float* x, int64_t rows, float* out) {
  const kernels::Product in[] = {{ffn.up.weight, ffn.up.bias_or_null(), up_, width},
                                 {ffn.gate.weight, ffn.gate.bias_or_null(), gate_, width}};
  kernels::matmul(x, rows, spec_.hidden, {in, spec_.gated ? size_t{2} : size_t{1}}, work_);
  if (spec_.gated)
    kernels::gated_activation(spec_.activation, {rows, width}, gate_, up_, up_);
  else
    kernels::activation(spec_.activation, rows * width, up_, up_);
  const kernels::Product down = {ffn.down.weight, ffn.down.bias_or_null(), out, spec_.hidden};
  kernels::matmul(up_, rows, width, {&down, 1}, work_);
}

/// x after the layer, y = next(x).
void Executor::run_layer(int64_t index, const Norm& next, int64_t tokens) {
  const Layer& layer = model_->layers[static_cast<size_t>(index)];
  attend(index, tokens);
  finish_part(layer.attn_post_norm, tokens);
  if (spec_.parallel_residual) {
    std::swap(delta_, held_);
    if (!spec_.shared_norm) normalize(layer.ffn_norm, tokens);
  } else {
    add_and_normalize(layer.ffn_norm, tokens);
  }
  feed_forward(layer, tokens);
  finish_part(layer.ffn_post_norm, tokens);
  if (spec_.parallel_residual)
    for (int64_t i = 0; i < tokens * spec_.hidden; ++i) delta_[i] += held_[i];
  add_and_normalize(next, tokens);
}

/// Room for a chunk, and where its rows stand in their sequences.
void Executor::place(std::span<const SequenceRows> sequences, int64_t final_length) {
  sequences_ = sequences;
  positions_.clear();
  for (const SequenceRows& rows : sequences)
    for (int64_t t = 0; t < rows.count; ++t) positions_.push_back(rows.cache->length() + t);
  prepare(static_cast<int64_t>(positions_.size()));
  prepare_angles(static_cast<int64_t>(positions_.size()), final_length);
}

const float* Executor::run(std::span<const text::TokenId> ids, std::span<const SequenceRows> sequences, int64_t final_length,
                           std::vector<std::vector<float>>* hidden) {
  place(sequences, final_length);
  embed(ids);
  return run_layers(hidden);
}

void Executor::begin(SequenceCache& cache, int64_t final_length) {
  const models::VirtualTokens& tokens = model_->virtual_tokens;
  if (!tokens.key_values.empty()) return store_prefix(cache);
  for (int64_t done = 0, count; done < tokens.count; done += count) {
    count = std::min(tokens.count - done, static_cast<int64_t>(kChunk));
    const SequenceRows rows = {&cache, count};
    place({&rows, 1}, final_length);
    std::copy_n(tokens.embeddings.data() + done * spec_.hidden, count * spec_.hidden, x_);
    run_layers(nullptr);
  }
}

/// x_ through all layers.
const float* Executor::run_layers(std::vector<std::vector<float>>* hidden) {
  const auto tokens = static_cast<int64_t>(positions_.size());
  const auto keep = [&](size_t index, const float* from) {
    if (hidden) (*hidden)[index].insert((*hidden)[index].end(), from, from + tokens * spec_.hidden);
  };
  finish_embedding(tokens);
  keep(0, x_);
  const size_t count = model_->layers.size();
  normalize(count ? model_->layers.front().attn_norm : model_->final_norm, tokens);
  for (size_t i = 0; i < count; ++i) {
    const bool last = i + 1 == count;
    run_layer(static_cast<int64_t>(i), last ? model_->final_norm : model_->layers[i + 1].attn_norm, tokens);
    keep(i + 1, last ? y_ : x_);
  }
  for (const SequenceRows& rows : sequences_) rows.cache->grow(rows.count);
  return y_;
}

const float* Executor::final_norm(const float* state) {
  prepare(1);
  std::copy_n(state, spec_.hidden, x_);
  normalize(model_->final_norm, 1);
  return y_;
}

void Executor::score_labels(const float* state, float* scores) {
  if (spec_.labels == 0)
    base::input_error("engine.labels", {"a language model has no labels", "", "a classifier", "stage: classify makes one"});
  const kernels::Product head = {model_->score.weight, nullptr, scores, spec_.labels};
  kernels::matmul(state, 1, spec_.hidden, {&head, 1}, work_);
}

void Executor::score(const float* states, int64_t tokens, float* scores) {
  if (spec_.labels > 0)
    base::input_error("engine.session", {"a classifier has no scores of tokens", "", "a language model", "athanor classify"});
  const kernels::Product head = {model_->head.weight, model_->head.bias_or_null(), scores, spec_.vocab};
  kernels::matmul(states, tokens, spec_.hidden, {&head, 1}, work_);
  const auto scale = static_cast<float>(spec_.logit_scale), cap = static_cast<float>(spec_.logit_cap);
  if (scale == 1 && cap == 0) return;
  for (int64_t i = 0; i < tokens * spec_.vocab; ++i) {
    scores[i] *= scale;
    if (cap != 0) scores[i] = cap * std::tanh(scores[i] / cap);
  }
}

}  // namespace athanor::engine

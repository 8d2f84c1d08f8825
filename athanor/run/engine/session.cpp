// Executes a DecoderSpec over a KV cache. A chunk of positions goes through all layers at once:
//   x = embedding; per layer: x += out(attention(norm(x))); x += down(act(gate(norm(x))) * up(norm(x))); scores = head(norm(x))

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/activation.h"
#include "athanor/core/kernels/norms.h"
#include "athanor/core/kernels/quantize_i8.h"
#include "athanor/core/kernels/rope.h"
#include "athanor/run/engine/loaded_model.h"

namespace athanor::engine {
namespace {

// Positions that go through the layers at once: enough that packing a weight panel (once per chunk) costs a few percent, few enough
// that the work memory of a 0.5B model stays near 40 MB.
constexpr int64_t kChunk = 512;

kernels::ActivationKind kind_of(models::Activation activation) {
  switch (activation) {
    case models::Activation::kGelu:
      return kernels::ActivationKind::kGelu;
    case models::Activation::kGeluTanh:
      return kernels::ActivationKind::kGeluTanh;
    case models::Activation::kRelu:
      return kernels::ActivationKind::kRelu;
    case models::Activation::kSilu:
      break;
  }
  return kernels::ActivationKind::kSilu;
}

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

struct Session::State {
  explicit State(std::shared_ptr<const LoadedModel> loaded) : model(std::move(loaded)), spec(model->spec()) {
    check_memory(*model);
    cache = Pages(model->session_cache_bytes(), "the KV cache");
    q_width = spec.heads * spec.head_dim;
    kv_width = spec.kv_heads * spec.head_dim;
    scale =
        static_cast<float>(spec.attention_scale != 0 ? spec.attention_scale : 1 / std::sqrt(static_cast<double>(spec.head_dim)));
  }

  void check(std::span<const text::TokenId> ids) const {
    if (ids.empty()) base::input_error("engine.session", {"no token given", "", "at least one"});
    const int64_t room = model->context - length;
    if (static_cast<int64_t>(ids.size()) > room)
      base::input_error("engine.session",
                        {"the context is full", base::cat(ids.size(), " tokens more after ", length),
                         base::cat("at most ", model->context, " in all"), "a larger context or a shorter prompt"});
    for (text::TokenId id : ids)
      if (id < 0 || id >= spec.vocab)
        base::input_error("engine.session", {"a token id outside the vocabulary", base::cat(id), base::cat("0 to ", spec.vocab - 1),
                                             "the tokenizer of this model"});
  }

  kernels::KvLayer cache_layer(int64_t layer) const {
    const kernels::KvShape shape = model->cache_shape();
    return {shape, reinterpret_cast<uint32_t*>(cache.data() + static_cast<uint64_t>(layer) * shape.layer_bytes())};
  }

  void prepare(int64_t tokens, int64_t final_length);
  void embed(std::span<const text::TokenId> ids);
  void normalize(const Norm& norm, int64_t tokens);
  void add_and_normalize(const Norm& norm, int64_t tokens);
  void attend(int64_t layer, int64_t tokens);
  void feed_forward(const Layer& layer, int64_t tokens);
  void run_chunk(std::span<const text::TokenId> ids, int64_t final_length, std::vector<std::vector<float>>* hidden);
  void score(const float* from, int64_t tokens, float* to);

  std::shared_ptr<const LoadedModel> model;
  const models::DecoderSpec& spec;
  Pages cache;
  int64_t length = 0, q_width = 0, kv_width = 0;
  float scale = 1;

  // [tokens, ...] of one chunk
  kernels::AlignedBuffer x_memory, y_memory, delta_memory, qkv_memory, attended_memory, gate_memory, up_memory, angle_memory,
      score_memory;
  float *x = nullptr, *y = nullptr, *delta = nullptr;  // [tokens, C]: the residual stream, its norm, what a block adds
  float *qkv = nullptr, *attended = nullptr;           // [tokens, (H + 2G) D], [tokens, H D]
  float *gate = nullptr, *up = nullptr;                // [tokens, ffn]
  float *cosines = nullptr, *sines = nullptr;          // [tokens, dims / 2]
  std::vector<int32_t> rows;                           // 0, 1, 2 ...: the rows of cosines and sines
  kernels::MatmulWork work;
};

void Session::State::prepare(int64_t tokens, int64_t final_length) {
  x = x_memory.at_least<float>(tokens * spec.hidden);
  y = y_memory.at_least<float>(tokens * spec.hidden);
  delta = delta_memory.at_least<float>(tokens * spec.hidden);
  qkv = qkv_memory.at_least<float>(tokens * (q_width + 2 * kv_width));
  attended = attended_memory.at_least<float>(tokens * q_width);
  gate = gate_memory.at_least<float>(tokens * spec.ffn);
  up = up_memory.at_least<float>(tokens * spec.ffn);
  if (spec.position != models::PositionKind::kRope) return;
  const int64_t half = spec.rope.dims / 2;
  cosines = angle_memory.at_least<float>(tokens * half * 2);
  sines = cosines + tokens * half;
  if (static_cast<int64_t>(rows.size()) < tokens) {
    rows.resize(static_cast<size_t>(tokens));
    std::iota(rows.begin(), rows.end(), 0);
  }
  const models::RopeFrequencies frequencies = models::rope_frequencies(spec.rope, spec.max_positions, final_length);
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < half; ++i) {
      const float angle = frequencies.inverse[static_cast<size_t>(i)] * static_cast<float>(length + t);
      cosines[t * half + i] = std::cos(angle) * frequencies.attention_factor;
      sines[t * half + i] = std::sin(angle) * frequencies.attention_factor;
    }
  }
}

void Session::State::embed(std::span<const text::TokenId> ids) {
  const bool learned = spec.position == models::PositionKind::kLearned;
  for (size_t t = 0; t < ids.size(); ++t) {
    float* row = x + static_cast<int64_t>(t) * spec.hidden;
    kernels::weight_row(model->token_embedding, ids[t], row);
    if (!learned) continue;
    kernels::weight_row(model->position_embedding, length + static_cast<int64_t>(t), delta);
    for (int64_t c = 0; c < spec.hidden; ++c) row[c] += delta[c];
  }
}

void Session::State::normalize(const Norm& norm, int64_t tokens) {
  const kernels::NormShape shape = {tokens, spec.hidden};
  const auto eps = static_cast<float>(spec.norm_eps);
  if (spec.norm == models::NormKind::kRms)
    kernels::rms_norm(shape, x, norm.weight.data(), eps, y, nullptr);
  else
    kernels::layer_norm<float>(shape, x, norm.weight.data(), norm.bias.empty() ? nullptr : norm.bias.data(), eps, y, nullptr,
                               nullptr);
}

void Session::State::add_and_normalize(const Norm& norm, int64_t tokens) {
  if (spec.norm == models::NormKind::kRms)
    return kernels::add_rms_norm(tokens, spec.hidden, x, delta, norm.weight.data(), static_cast<float>(spec.norm_eps), x, y,
                                 nullptr);
  for (int64_t i = 0; i < tokens * spec.hidden; ++i) x[i] += delta[i];
  normalize(norm, tokens);
}

/// delta = out(attention(y)); the chunk's keys and values go into the cache.
void Session::State::attend(int64_t index, int64_t tokens) {
  const Layer& layer = model->layers[static_cast<size_t>(index)];
  const int64_t stride = q_width + 2 * kv_width;
  kernels::Product products[3];
  int64_t column = 0;
  for (size_t i = 0; i < layer.qkv.size(); ++i) {
    products[i] = {layer.qkv[i].weight, layer.qkv[i].bias_or_null(), qkv + column, stride};
    column += layer.qkv[i].weight.rows;
  }
  kernels::matmul(y, tokens, spec.hidden, {products, layer.qkv.size()}, work);
  if (spec.position == models::PositionKind::kRope) {
    // q and k lie side by side: one call turns the heads of both
    const kernels::RotaryShape shape = {.tokens = tokens,
                                        .heads = spec.heads + spec.kv_heads,
                                        .head_dim = spec.head_dim,
                                        .dims = spec.rope.dims,
                                        .x_token_stride = stride,
                                        .y_token_stride = stride,
                                        .interleaved = spec.rope.interleaved};
    kernels::rotate(shape, qkv, rows.data(), cosines, sines, qkv);
  }
  const kernels::KvLayer layer_cache = cache_layer(index);
  kernels::kv_store(layer_cache, length, tokens, qkv + q_width, qkv + q_width + kv_width, stride);
  kernels::kv_attention(layer_cache, {.q = qkv,
                                      .q_stride = stride,
                                      .out = attended,
                                      .out_stride = q_width,
                                      .heads = spec.heads,
                                      .first = length,
                                      .count = tokens,
                                      .scale = scale});
  const kernels::Product out = {layer.out.weight, layer.out.bias_or_null(), delta, spec.hidden};
  kernels::matmul(attended, tokens, q_width, {&out, 1}, work);
}

/// delta = down(act(gate(y)) * up(y)), or down(act(up(y))).
void Session::State::feed_forward(const Layer& layer, int64_t tokens) {
  const kernels::Product in[] = {{layer.up.weight, layer.up.bias_or_null(), up, spec.ffn},
                                 {layer.gate.weight, layer.gate.bias_or_null(), gate, spec.ffn}};
  kernels::matmul(y, tokens, spec.hidden, {in, spec.gated ? size_t{2} : size_t{1}}, work);
  const kernels::ActivationKind kind = kind_of(spec.activation);
  if (spec.gated)
    kernels::gated_activation(kind, {tokens, spec.ffn}, gate, up, up);
  else
    kernels::activation(kind, tokens * spec.ffn, up, up);
  const kernels::Product down = {layer.down.weight, layer.down.bias_or_null(), delta, spec.hidden};
  kernels::matmul(up, tokens, spec.ffn, {&down, 1}, work);
}

/// Leaves norm(x) of the last layer in y. `final_length` is the sequence's length after all chunks of this call.
void Session::State::run_chunk(std::span<const text::TokenId> ids, int64_t final_length, std::vector<std::vector<float>>* hidden) {
  const auto tokens = static_cast<int64_t>(ids.size());
  const auto keep = [&](size_t index, const float* from) {
    if (hidden) (*hidden)[index].insert((*hidden)[index].end(), from, from + tokens * spec.hidden);
  };
  prepare(tokens, final_length);
  embed(ids);
  keep(0, x);
  const size_t count = model->layers.size();
  normalize(count ? model->layers.front().attn_norm : model->final_norm, tokens);
  for (size_t i = 0; i < count; ++i) {
    const Layer& layer = model->layers[i];
    const bool last = i + 1 == count;
    attend(static_cast<int64_t>(i), tokens);
    add_and_normalize(layer.ffn_norm, tokens);
    feed_forward(layer, tokens);
    add_and_normalize(last ? model->final_norm : model->layers[i + 1].attn_norm, tokens);
    keep(i + 1, last ? y : x);
  }
  length += tokens;
}

void Session::State::score(const float* from, int64_t tokens, float* to) {
  const kernels::Product head = {model->head.weight, model->head.bias_or_null(), to, spec.vocab};
  kernels::matmul(from, tokens, spec.hidden, {&head, 1}, work);
}

Session::Session(std::shared_ptr<const Model> model)
    : state_(std::make_unique<State>(std::static_pointer_cast<const LoadedModel>(std::move(model)))) {}
Session::~Session() = default;

int64_t Session::vocab_size() const { return state_->spec.vocab; }
int64_t Session::length() const { return state_->length; }
int64_t Session::room() const { return state_->model->context - state_->length; }

std::span<float> Session::append(std::span<const text::TokenId> ids) {
  State& s = *state_;
  s.check(ids);
  const int64_t final_length = s.length + static_cast<int64_t>(ids.size());
  int64_t tokens = 0;
  for (size_t begin = 0; begin < ids.size(); begin += kChunk) {
    tokens = static_cast<int64_t>(std::min<size_t>(kChunk, ids.size() - begin));
    s.run_chunk(ids.subspan(begin, static_cast<size_t>(tokens)), final_length, nullptr);
  }
  float* scores = s.score_memory.at_least<float>(s.spec.vocab);
  s.score(s.y + (tokens - 1) * s.spec.hidden, 1, scores);
  return {scores, static_cast<size_t>(s.spec.vocab)};
}

std::vector<float> Session::append_all(std::span<const text::TokenId> ids, std::vector<std::vector<float>>* hidden) {
  State& s = *state_;
  s.check(ids);
  if (hidden) hidden->assign(static_cast<size_t>(s.spec.layers) + 1, {});
  const int64_t final_length = s.length + static_cast<int64_t>(ids.size());
  std::vector<float> scores(ids.size() * static_cast<size_t>(s.spec.vocab));
  for (size_t begin = 0; begin < ids.size(); begin += kChunk) {
    const auto tokens = static_cast<int64_t>(std::min<size_t>(kChunk, ids.size() - begin));
    s.run_chunk(ids.subspan(begin, static_cast<size_t>(tokens)), final_length, hidden);
    s.score(s.y, tokens, scores.data() + begin * static_cast<size_t>(s.spec.vocab));
  }
  return scores;
}

void Session::truncate(int64_t length) {
  if (length < 0 || length > state_->length)
    base::input_error("engine.session", {"cannot forget to that length", base::cat(length), base::cat("0 to ", state_->length)});
  state_->length = length;
}

}  // namespace athanor::engine

#pragma once
// Executes a DecoderSpec over KV caches, a chunk of positions (of one sequence, or of several) through all layers at once:
//   x = embedding; per layer: x += out(attention(norm(x))); x += down(act(gate(norm(x))) * up(norm(x))); scores = head(norm(x))
// with what the spec adds: norms behind a part, both parts side by side, multipliers, caps, experts, latent attention.
// Private to the room.

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "athanor/core/base/stop.h"
#include "athanor/run/engine/sequence_cache.h"

namespace athanor::engine {

// Rows that go through the layers at once: enough that packing a weight panel (once per chunk) costs a few percent, few enough that
// the work memory of a 0.5B model stays near 40 MB.
inline constexpr size_t kChunk = 512;

/// The rows of a chunk that belong to one sequence.
struct SequenceRows {
  SequenceCache* cache;
  int64_t count;
};

class Executor {
 public:
  explicit Executor(std::shared_ptr<const LoadedModel> model);

  const LoadedModel& model() const { return *model_; }

  /// Puts the model's virtual tokens into an empty cache.
  void begin(SequenceCache& cache, int64_t final_length);
  /// Appends ids (known to be valid and to fit) to the sequences, each getting its rows in turn. `final_length` is their length
  /// after all chunks of one call, virtual tokens included. Hidden states are added to `hidden` [layers + 1] where it is not null.
  /// Returns norm(x) of the last layer, [ids.size(), C], valid until the next call.
  const float* run(std::span<const text::TokenId> ids, std::span<const SequenceRows> sequences, int64_t final_length,
                   std::vector<std::vector<float>>* hidden);
  /// The final norm of one hidden state [C]; valid until the next call.
  const float* final_norm(const float* state);
  /// scores [tokens, V] of normalized states [tokens, C].
  void score(const float* states, int64_t tokens, float* scores);
  /// A classifier's scores [labels] of one normalized state [C].
  void score_labels(const float* state, float* scores);

 private:
  void prepare(int64_t tokens);
  void place(std::span<const SequenceRows> sequences, int64_t final_length);
  void prepare_angles(int64_t tokens, int64_t final_length);
  void embed(std::span<const text::TokenId> ids);
  void finish_embedding(int64_t tokens);
  const float* run_layers(std::vector<std::vector<float>>* hidden);
  void store_prefix(SequenceCache& cache);
  void run_layer(int64_t index, const Norm& next, int64_t tokens);
  void apply(const Norm& norm, int64_t rows, int64_t width, int64_t stride, const float* x, float* y, int64_t at = 0) const;
  void normalize(const Norm& norm, int64_t tokens);
  void add_and_normalize(const Norm& norm, int64_t tokens);
  void finish_part(const Norm& post_norm, int64_t tokens);
  void attend(int64_t layer, int64_t tokens);
  void attend_plain(int64_t layer, int64_t tokens);
  void attend_cached(int64_t layer, const float* k, const float* v, int64_t stride, const kernels::Queries& queries);
  void normalize_heads(const Norm& norm, int64_t heads, float* x, int64_t tokens) const;
  void attend_latent(int64_t layer, int64_t tokens);
  float* latent_queries(const Latent& latent, int64_t tokens);
  const float* latent_rows(const Latent& latent, int64_t tokens);
  void feed_forward(const Layer& layer, int64_t tokens);
  void feed_forward(const FeedForward& ffn, int64_t width, const float* x, int64_t rows, float* out);
  void mix_experts(const Experts& experts, int64_t tokens);

  /// Cosines and sines of the chunk's positions, [tokens, dims / 2].
  struct Angles {
    kernels::AlignedBuffer memory;
    float *cosines = nullptr, *sines = nullptr;
  };
  void fill(Angles& angles, const models::RopeSpec& rope, int64_t tokens, int64_t final_length);

  std::shared_ptr<const LoadedModel> model_;
  const models::DecoderSpec& spec_;
  std::span<const SequenceRows> sequences_;  // of the chunk that runs
  std::vector<int64_t> positions_;           // [tokens]
  int64_t q_width_ = 0, kv_width_ = 0, ffn_width_ = 0;
  float scale_ = 1;
  std::vector<float> slopes_;  // ALiBi's, empty: none

  // [tokens, ...] of one chunk
  kernels::AlignedBuffer x_memory_, y_memory_, delta_memory_, held_memory_, qkv_memory_, attended_memory_, gate_memory_, up_memory_;
  kernels::AlignedBuffer router_memory_, expert_memory_;                 // of experts
  kernels::AlignedBuffer low_memory_, latent_memory_, absorbed_memory_;  // of latent attention
  float *x_ = nullptr, *y_ = nullptr, *delta_ = nullptr;  // [tokens, C]: the residual stream, its norm, what a part adds
  float* held_ = nullptr;                                 // [tokens, C]: what attention adds, where both parts are side by side
  float *qkv_ = nullptr, *attended_ = nullptr;            // [tokens, (H + 2G) D], [tokens, H D]
  float *gate_ = nullptr, *up_ = nullptr;                 // [tokens, ffn]
  Angles angles_[2];                                      // of rope and local_rope
  std::vector<int32_t> rows_;                             // 0, 1, 2 ...: the rows of cosines and sines
  kernels::MatmulWork work_;
};

/// Tokens that still fit.
int64_t room_in(const LoadedModel& model, const SequenceCache& cache);

/// input_error where there are no ids, more than `room`, or some outside the vocabulary.
void check_ids(const LoadedModel& model, std::span<const text::TokenId> ids, int64_t room);

/// Appends ids, which are checked, to one sequence chunk by chunk, behind the virtual tokens; each(states, tokens) sees the
/// normalized states of every chunk. `stops`: throws base::Stopped between two chunks where the user wants to stop.
template <typename Each>
void run_in_chunks(Executor& executor, SequenceCache& cache, std::span<const text::TokenId> ids,
                   std::vector<std::vector<float>>* hidden, const Each& each, bool stops) {
  const int64_t before = std::max(cache.length(), executor.model().virtual_tokens.count);
  const int64_t final_length = before + static_cast<int64_t>(ids.size());
  if (cache.length() == 0) executor.begin(cache, final_length);
  while (!ids.empty()) {
    const auto chunk = ids.first(std::min(kChunk, ids.size()));
    const SequenceRows rows = {&cache, static_cast<int64_t>(chunk.size())};
    each(executor.run(chunk, {&rows, 1}, final_length, hidden), rows.count);
    ids = ids.subspan(chunk.size());
    if (stops && !ids.empty() && base::stop_requested()) throw base::Stopped();
  }
}

}  // namespace athanor::engine

#pragma once
// Executes a DecoderSpec over a KV cache, a chunk of positions through all layers at once:
//   x = embedding; per layer: x += out(attention(norm(x))); x += down(act(gate(norm(x))) * up(norm(x))); scores = head(norm(x))
// with what the spec adds: norms behind a part, both parts side by side, multipliers, caps, experts, latent attention.
// Private to the room.

#include <memory>
#include <span>
#include <vector>

#include "athanor/run/engine/loaded_model.h"

namespace athanor::engine {

class Executor {
 public:
  /// input_error where the cache cannot fit this machine's memory.
  explicit Executor(std::shared_ptr<const LoadedModel> model);

  const LoadedModel& model() const { return *model_; }
  int64_t length() const { return length_; }
  void truncate(int64_t length) { length_ = length; }
  /// Becomes a copy of another executor of the same model, with whom the first `shared` positions are the same already.
  void copy(const Executor& other, int64_t shared);

  /// Appends ids (known to be valid and to fit). `final_length` is the sequence's length after all chunks of one call. Hidden
  /// states are added to `hidden` [layers + 1] where it is not null. Returns norm(x) of the last layer, [ids.size(), C], valid
  /// until the next call.
  const float* run(std::span<const text::TokenId> ids, int64_t final_length, std::vector<std::vector<float>>* hidden);
  /// The final norm of one hidden state [C]; valid until the next call.
  const float* final_norm(const float* state);
  /// scores [tokens, V] of normalized states [tokens, C].
  void score(const float* states, int64_t tokens, float* scores);
  /// A classifier's scores [labels] of one normalized state [C].
  void score_labels(const float* state, float* scores);

 private:
  kernels::KvLayer cache_layer(int64_t layer) const;
  void prepare(int64_t tokens);
  void prepare_angles(int64_t tokens, int64_t final_length);
  void embed(std::span<const text::TokenId> ids);
  void run_layer(int64_t index, const Norm& next, int64_t tokens);
  void apply(const Norm& norm, int64_t rows, int64_t width, int64_t stride, const float* x, float* y) const;
  void normalize(const Norm& norm, int64_t tokens);
  void add_and_normalize(const Norm& norm, int64_t tokens);
  void finish_part(const Norm& post_norm, int64_t tokens);
  void attend(int64_t layer, int64_t tokens);
  void attend_plain(int64_t layer, int64_t tokens);
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
  Pages cache_;
  int64_t length_ = 0, q_width_ = 0, kv_width_ = 0, ffn_width_ = 0;
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

}  // namespace athanor::engine

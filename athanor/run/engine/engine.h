#pragma once
// Runs a DecoderSpec at the speed of memory, without libtorch: mapped or quantized weights, a KV cache, our own kernels.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "athanor/core/base/dtype.h"
#include "athanor/core/models/virtual_tokens.h"
#include "athanor/run/generate/score_source.h"

namespace athanor::engine {

/// How the matrices are held: as stored, or converted at load. kI8 is 8-bit integers with one scale per 32 weights of a row.
enum class WeightKind { kAsStored, kF32, kBF16, kI8 };

struct EngineOptions {
  WeightKind weights = WeightKind::kAsStored;
  int64_t context = 0;  // tokens of KV cache per sequence; 0: the model's max_positions, at most 4096
};

/// Tokens of KV cache that these options give a model.
int64_t context_of(const models::DecoderSpec& spec, const EngineOptions& options);
/// Exactly the bytes of one Session's KV cache: float32 where the matrices are executed in float32, else bfloat16. `stored` is the
/// type of the matrices in the checkpoint. Known before anything is loaded.
uint64_t cache_bytes(const models::DecoderSpec& spec, const EngineOptions& options, base::DType stored);

/// Weights ready to execute. It borrows: `weights` views must outlive it (a Checkpoint is kept, or memory that is being trained).
class Model {
 public:
  /// `virtual_tokens` stand in front of every sequence. They take room of the context, and are no part of a session's length.
  static std::shared_ptr<const Model> load(const models::DecoderModel& model, const checkpoint::Checkpoint& weights,
                                           const EngineOptions& options, models::VirtualTokens virtual_tokens = {});
  virtual ~Model() = default;
  virtual const models::DecoderSpec& spec() const = 0;
  virtual const EngineOptions& options() const = 0;
  /// Bytes that one decoded token must read (all matrices and norms once): the floor of decode.
  virtual uint64_t bytes_per_token() const = 0;
  /// Bytes that this model copied out of the checkpoint (converted, transposed or quantized); the rest is borrowed.
  virtual uint64_t owned_bytes() const = 0;
  /// What each Session's KV cache takes.
  virtual uint64_t session_cache_bytes() const = 0;
};

/// One sequence: its KV cache and work space.
class Session : public generate::ScoreSource {
 public:
  explicit Session(std::shared_ptr<const Model> model);
  ~Session() override;

  std::span<float> append(std::span<const text::TokenId> ids) override;
  int64_t vocab_size() const override;
  int64_t room() const override;

  /// As append, but the scores of every new position: [ids.size(), V]. `hidden`, where given, receives hidden states
  /// [layers + 1][ids.size(), C]: the embedding, then each layer's output (the last after the final norm, as transformers gives
  /// them).
  std::vector<float> append_all(std::span<const text::TokenId> ids, std::vector<std::vector<float>>* hidden = nullptr);

  /// As append, with the hidden states [ids.size(), C] of the new positions after the final norm.
  std::span<float> append(std::span<const text::TokenId> ids, std::vector<float>& states);
  /// As append: scores [layers.size() + 1, V] of the head on the output of each of `layers` after the last token (0 is the
  /// embedding), after the final norm where `norm` says so, and the model's own as the last row.
  std::span<float> append(std::span<const text::TokenId> ids, std::span<const int64_t> layers, bool norm);

  /// From now on a wish to stop (base/stop.h) ends an append between two chunks of a long prompt with base::Stopped. The session
  /// has then seen a part of it.
  void stop_between_chunks();

  /// Tokens so far.
  /// A classifier's scores [labels] of a text, which takes the place of what the session held. input_error where the model is none.
  std::vector<float> label_scores(std::span<const text::TokenId> ids);

  int64_t length() const;
  /// Forgets all positions from `length` on. Layers with a window keep little more than the window, enough to go back by 128
  /// tokens: where they have lost what a token at `length` would see, all positions are forgotten. Gives the length that is left,
  /// `length` or 0.
  int64_t truncate(int64_t length);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace athanor::engine

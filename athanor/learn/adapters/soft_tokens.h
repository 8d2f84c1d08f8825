#pragma once
// What the methods with virtual tokens share: their encoder in the model, and how PEFT's files hold what it makes. Private to the
// room.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "athanor/learn/adapters/adapter.h"
#include "athanor/learn/nn/virtual_tokens.h"

namespace athanor::adapters {

/// Where the encoder lies in the model, and what its parameters' names begin with.
constexpr const char* kEncoderName = "prompt_encoder";

/// Makes what the virtual tokens are, [count, width], once per pass: word embeddings (width C), or for every layer its keys and
/// values (width 2 L G D, as [count, 2 L, G, D] with key and value of a layer after one another).
class SoftTokens : public nn::VirtualTokens {
 public:
  /// `heads` and `head_dim` (G, D) where they are keys and values; 0: embeddings.
  SoftTokens(int64_t count, int64_t heads, int64_t head_dim) : count_(count), heads_(heads), head_dim_(head_dim) {}
  virtual at::Tensor encode() = 0;  // f32 (f64 in an f64 model)

  int64_t count() const override { return count_; }
  void begin_pass() override { made_ = encode(); }
  at::Tensor embeddings() override { return heads_ == 0 ? made_ : at::Tensor(); }
  nn::KeyValue key_values(int64_t layer) override;

 private:
  int64_t count_, heads_, head_dim_;
  at::Tensor made_;
};

/// Parameter "weight" [count, width], the virtual tokens themselves.
class PlainTokens : public SoftTokens {
 public:
  PlainTokens(at::Tensor values, int64_t heads, int64_t head_dim);
  at::Tensor encode() override { return parameter("weight"); }
};

/// The adapter of an encoder: its file holds what the encoder makes, as "prompt_embeddings", and not the encoder.
class SoftAdapter : public Adapter {
 public:
  /// Puts `tokens` into the model. `config` has what a method adds to the keys that all share.
  SoftAdapter(const AdapterContext& context, std::unique_ptr<SoftTokens> tokens, base::Json config);
  base::Json config() const override;
  std::vector<NamedTensor> arrays(const std::vector<NamedTensor>& learned) const override;

 private:
  nn::Decoder& decoder_;
  SoftTokens& tokens_;
  std::shared_ptr<const base::Json> config_;
};

/// Keys that PEFT's prompt methods share. `token_dim` and `heads` are C and H, or G D and G for prefixes.
base::Json soft_config(const nn::Decoder& decoder, const char* type, int64_t count, int64_t token_dim, int64_t heads);

/// input_error where the model cannot take virtual tokens of this kind.
void check_soft(const nn::Decoder& decoder, int64_t count, bool key_values);

/// A leaf that learns, in f32 (f64 in an f64 model), on the model's device.
at::Tensor learning(const nn::Decoder& decoder, const at::Tensor& value);

/// The weights and biases of a new linear layer as torch makes them, [weight [out, in], bias [out]].
std::vector<at::Tensor> linear_values(const AdapterContext& context, const std::string& name, int64_t out, int64_t in);

}  // namespace athanor::adapters

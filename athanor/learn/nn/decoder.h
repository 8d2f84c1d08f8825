#pragma once
// A decoder-only language model with gradients, built from a family's table: module paths and parameter names are the Hugging Face
// names.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/core/models/family.h"
#include "athanor/learn/nn/blocks.h"
#include "athanor/learn/nn/module.h"
#include "athanor/learn/nn/rotary.h"
#include "athanor/learn/nn/virtual_tokens.h"

namespace athanor::nn {

/// Tokens as a model takes them (data::Batch as tensors).
struct DecoderInput {
  at::Tensor ids;             // [B, T] int32 or int64
  at::Tensor positions = {};  // [B, T] int32; undefined: 0 .. T-1 in every row
  at::Tensor row_start = {};  // [B, T] int32, first visible position in the row; undefined: all 0
};

struct DecoderOptions {
  at::ScalarType dtype = at::kFloat;  // of matrices and embeddings; vectors (norms, biases) are f32 except under f64
  at::Device device = at::kCPU;
  AttentionKind attention = AttentionKind::kFused;
  bool recompute_layers = false;  // activation checkpointing: a layer keeps its input only
  bool without_memory = false;    // parameters lie on the meta device: shapes, until somebody gives them memory
};

class Decoder : public Module {
 public:
  /// The module tree with norms at one and everything else at zero; every parameter requires gradients.
  explicit Decoder(const models::DecoderModel& model, const DecoderOptions& options = {});

  /// A new model as the family's reference initialises it: normal(0, init_std), residual projections normal(0, residual_init_std),
  /// biases zero, norms one. Each parameter is a function of (seed, its name), whatever the threads and the device.
  static std::unique_ptr<Decoder> build(const models::DecoderModel& model, const DecoderOptions& options, uint64_t seed);

  const models::DecoderModel& model() const { return model_; }
  const DecoderOptions& options() const { return options_; }
  /// Of the layers, from the first to the last.
  const std::vector<std::string>& layer_paths() const { return layer_paths_; }

  /// The residual stream after the final norm, [B, T, C] in the parameters' type. `states`, where given, receives layers + 1
  /// tensors as transformers gives them: the embedding, then each layer's output, the last after the final norm. input_error on an
  /// id outside the vocabulary, a position beyond the learned table, or a bad shape.
  at::Tensor hidden(const DecoderInput& input, std::vector<at::Tensor>* states = nullptr);
  /// [.., C] -> [.., V], f32 (f64 under f64).
  at::Tensor logits(const at::Tensor& hidden);
  /// Sum of the cross-entropies (nats) of the targets that are not -100; f32 scalar. targets [B, T] int32. Divide by their number.
  at::Tensor loss(const DecoderInput& input, const at::Tensor& targets);
  /// A classifier's scores, [n, labels] f32 (f64 under f64), read at `places` [n] int64 of the rows B * T.
  at::Tensor label_scores(const DecoderInput& input, const at::Tensor& places);

  /// From now on `tokens` stand in front of every sample of every pass (a child of that name; its parameters count as the model's).
  /// Nothing else changes: hidden states, logits and losses are those of the given positions alone.
  void prepend(std::string name, std::unique_ptr<VirtualTokens> tokens);
  VirtualTokens* virtual_tokens() const { return virtual_tokens_; }

  /// What layers that surgery puts in ask for their dropout.
  std::shared_ptr<const DropoutState> dropout_state() const { return dropout_; }

  /// Dropout is on, with the numbers of (seed, step); `step` must differ between forward passes (micro-batches too).
  void train(uint64_t seed, uint64_t step);
  /// Dropout is off: the state after construction.
  void eval() { dropout_->on = false; }
  /// NEFTune's alpha: noise on the token embeddings while training; 0: none.
  void set_embedding_noise(double alpha) { embedding_noise_ = alpha; }

 private:
  friend class DecoderBuilder;
  Pass begin_pass(const DecoderInput& input);
  at::Tensor through(Block& layer, const at::Tensor& x, Pass& pass);
  at::Tensor embedded(const at::Tensor& ids, Pass& pass);
  at::Tensor run_layers(const DecoderInput& input, Pass pass, std::vector<at::Tensor>* states);
  at::Tensor head_weight();
  void expect_vocabulary() const;
  at::Tensor scaled(const at::Tensor& hidden) const;

  models::DecoderModel model_;
  DecoderOptions options_;
  Rotary rotary_, local_rotary_;
  std::vector<std::string> layer_paths_;
  std::string token_embedding_, position_embedding_, embedding_norm_, final_norm_, head_,
      score_;  // paths; "" where the model has none
  std::shared_ptr<DropoutState> dropout_ = std::make_shared<DropoutState>();
  VirtualTokens* virtual_tokens_ = nullptr;  // a child
  double embedding_noise_ = 0;
};

/// f32 numbers as a new model begins with: normal with this deviation, number i a function of (seed, name, i) alone.
at::Tensor normal_values(at::IntArrayRef shape, double deviation, uint64_t seed, const std::string& name);

/// Copies every weight of the model from a checkpoint, converting types. file_error where one is missing or has another shape.
void load_weights(Decoder& decoder, const checkpoint::Checkpoint& weights);

/// The parameters as named arrays, ready to be written or borrowed by run/engine.
struct NamedWeights {
  std::vector<at::Tensor> storage;  // keeps the arrays' memory alive
  std::vector<checkpoint::NamedArray> arrays;
};
/// Views of the parameters' own memory: no copy for a CPU model.
NamedWeights weights_of(Module& module);
/// Converted to `dtype` where they differ.
NamedWeights weights_of(Module& module, base::DType dtype);

}  // namespace athanor::nn

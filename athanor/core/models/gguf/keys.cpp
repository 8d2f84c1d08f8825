// Source: the GGUF specification's list of keys, and llama.cpp's llama-arch.cpp where that goes further.

#include "athanor/core/models/gguf/keys.h"

namespace athanor::models {
namespace {

using Spec = const DecoderSpec&;
using Value = std::optional<double>;

Value number(int64_t n) { return static_cast<double>(n); }
Value if_not(int64_t absent, int64_t n) { return n == absent ? std::nullopt : number(n); }
Value if_not(double absent, double x) { return x == absent ? std::nullopt : Value(x); }
Value if_norm(Spec s, NormKind kind) { return s.norm == kind ? Value(s.norm_eps) : std::nullopt; }

Value dense_layers(Spec s) {
  int64_t dense = 0;
  while (dense < s.layers && !s.layer(dense).experts) ++dense;
  return number(dense);
}

}  // namespace

std::span<const GgufKey> gguf_keys() {
  using enum GgufNumber;
  constexpr bool kNeeded = true, kMaybe = false;
  static const GgufKey kKeys[] = {
      {"context_length", "max_position_embeddings", kWhole, kNeeded, [](Spec s) { return number(s.max_positions); }},
      {"embedding_length", "hidden_size", kWhole, kNeeded, [](Spec s) { return number(s.hidden); }},
      {"block_count", "num_hidden_layers", kWhole, kNeeded, [](Spec s) { return number(s.layers); }},
      {"feed_forward_length", "intermediate_size", kWhole, kNeeded, [](Spec s) { return number(s.ffn); }},
      {"attention.head_count", "num_attention_heads", kWhole, kNeeded, [](Spec s) { return number(s.heads); }},
      {"attention.head_count_kv", "num_key_value_heads", kWhole, kMaybe, [](Spec s) { return number(s.kv_heads); }},
      {"attention.key_length", "head_dim", kWhole, kMaybe, [](Spec s) { return number(s.head_dim); }},
      {"attention.value_length", "", kWhole, kMaybe, [](Spec s) { return number(s.value_size()); }},
      {"attention.layer_norm_rms_epsilon", "rms_norm_eps", kFraction, kMaybe, [](Spec s) { return if_norm(s, NormKind::kRms); }},
      {"attention.layer_norm_epsilon", "layer_norm_eps", kFraction, kMaybe, [](Spec s) { return if_norm(s, NormKind::kLayer); }},
      {"use_parallel_residual", nullptr, kTruth, kMaybe, [](Spec s) { return number(s.parallel_residual); }},
      {"attn_logit_softcapping", nullptr, kFraction, kMaybe, [](Spec s) { return if_not(0.0, s.attention_cap); }},
      {"final_logit_softcapping", nullptr, kFraction, kMaybe, [](Spec s) { return if_not(0.0, s.logit_cap); }},
      {"attention.scale", nullptr, kFraction, kMaybe, [](Spec s) { return if_not(0.0, s.attention_scale); }},
      {"embedding_scale", nullptr, kFraction, kMaybe, [](Spec s) { return Value(s.embedding_scale); }},
      {"residual_scale", nullptr, kFraction, kMaybe, [](Spec s) { return Value(s.residual_scale); }},
      {"logit_scale", nullptr, kFraction, kMaybe, [](Spec s) { return Value(1 / s.logit_scale); }},
      {"expert_count", nullptr, kWhole, kMaybe, [](Spec s) { return number(s.experts.count); }},
      {"expert_used_count", nullptr, kWhole, kMaybe, [](Spec s) { return number(s.experts.chosen); }},
      {"expert_feed_forward_length", nullptr, kWhole, kMaybe, [](Spec s) { return number(s.experts.ffn); }},
      {"expert_weights_scale", nullptr, kFraction, kMaybe, [](Spec s) { return Value(s.experts.scale); }},
      {"expert_weights_norm", nullptr, kTruth, kMaybe, [](Spec s) { return number(s.experts.normalized); }},
      {"expert_group_count", nullptr, kWhole, kMaybe, [](Spec s) { return number(s.experts.groups); }},
      {"expert_group_used_count", nullptr, kWhole, kMaybe, [](Spec s) { return number(s.experts.chosen_groups); }},
      {"leading_dense_block_count", nullptr, kWhole, kMaybe, dense_layers},
      {"attention.q_lora_rank", nullptr, kWhole, kMaybe, [](Spec s) { return if_not(int64_t{0}, s.latent.q_rank); }},
      {"attention.kv_lora_rank", nullptr, kWhole, kMaybe, [](Spec s) { return number(s.latent.kv_rank); }},
  };
  return kKeys;
}

}  // namespace athanor::models

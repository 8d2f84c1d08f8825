// Source: the GGUF specification's list of keys, and the names that llama.cpp's converter gives (gguf-py's tensor_mapping).

#include "athanor/core/models/gguf/architectures.h"

#include "athanor/core/base/cat.h"

namespace athanor::models {
namespace {

using Spec = const DecoderSpec&;
using Value = std::optional<double>;

Value number(int64_t n) { return static_cast<double>(n); }
Value if_norm(Spec s, NormKind kind) { return s.norm == kind ? Value(s.norm_eps) : std::nullopt; }

struct TensorRow {
  Slot slot;
  const char* name;
};

constexpr TensorRow kTensors[] = {
    {Slot::kTokenEmbedding, "token_embd.weight"},
    {Slot::kPositionEmbedding, "position_embd.weight"},
    {Slot::kFinalNorm, "output_norm.weight"},
    {Slot::kFinalNormBias, "output_norm.bias"},
    {Slot::kHead, "output.weight"},
    {Slot::kAttnNorm, "blk.{}.attn_norm.weight"},
    {Slot::kAttnNormBias, "blk.{}.attn_norm.bias"},
    {Slot::kQ, "blk.{}.attn_q.weight"},
    {Slot::kQBias, "blk.{}.attn_q.bias"},
    {Slot::kK, "blk.{}.attn_k.weight"},
    {Slot::kKBias, "blk.{}.attn_k.bias"},
    {Slot::kV, "blk.{}.attn_v.weight"},
    {Slot::kVBias, "blk.{}.attn_v.bias"},
    {Slot::kQkv, "blk.{}.attn_qkv.weight"},
    {Slot::kQkvBias, "blk.{}.attn_qkv.bias"},
    {Slot::kAttnOut, "blk.{}.attn_output.weight"},
    {Slot::kAttnOutBias, "blk.{}.attn_output.bias"},
    {Slot::kFfnNorm, "blk.{}.ffn_norm.weight"},
    {Slot::kFfnNormBias, "blk.{}.ffn_norm.bias"},
    {Slot::kGate, "blk.{}.ffn_gate.weight"},
    {Slot::kGateBias, "blk.{}.ffn_gate.bias"},
    {Slot::kUp, "blk.{}.ffn_up.weight"},
    {Slot::kUpBias, "blk.{}.ffn_up.bias"},
    {Slot::kDown, "blk.{}.ffn_down.weight"},
    {Slot::kDownBias, "blk.{}.ffn_down.bias"},
};

}  // namespace

std::span<const GgufKey> gguf_keys() {
  constexpr bool kWhole = true, kFraction = false, kNeeded = true, kMaybe = false;
  static const GgufKey kKeys[] = {
      {"context_length", "max_position_embeddings", kWhole, kNeeded, [](Spec s) { return number(s.max_positions); }},
      {"embedding_length", "hidden_size", kWhole, kNeeded, [](Spec s) { return number(s.hidden); }},
      {"block_count", "num_hidden_layers", kWhole, kNeeded, [](Spec s) { return number(s.layers); }},
      {"feed_forward_length", "intermediate_size", kWhole, kNeeded, [](Spec s) { return number(s.ffn); }},
      {"attention.head_count", "num_attention_heads", kWhole, kNeeded, [](Spec s) { return number(s.heads); }},
      {"attention.head_count_kv", "num_key_value_heads", kWhole, kMaybe, [](Spec s) { return number(s.kv_heads); }},
      {"attention.key_length", "head_dim", kWhole, kMaybe, [](Spec s) { return number(s.head_dim); }},
      {"attention.layer_norm_rms_epsilon", "rms_norm_eps", kFraction, kMaybe, [](Spec s) { return if_norm(s, NormKind::kRms); }},
      {"attention.layer_norm_epsilon", "layer_norm_eps", kFraction, kMaybe, [](Spec s) { return if_norm(s, NormKind::kLayer); }},
  };
  return kKeys;
}

std::span<const GgufArchitecture> gguf_architectures() {
  static const std::vector<GgufArchitecture::Flag> kBiases = {{Slot::kQBias, "attention_bias"}, {Slot::kUpBias, "mlp_bias"}};
  static const GgufArchitecture kArchitectures[] = {
      {"llama", "llama", GgufRotary::kNeighbours, {}, kBiases},
      {"qwen2", "qwen2"},
      {"gpt2",
       "gpt2",
       GgufRotary::kHalves,
       {{"context_length", "n_positions"},
        {"embedding_length", "n_embd"},
        {"block_count", "n_layer"},
        {"feed_forward_length", "n_inner"},
        {"attention.head_count", "n_head"},
        {"attention.head_count_kv", nullptr},
        {"attention.key_length", nullptr},
        {"attention.layer_norm_epsilon", "layer_norm_epsilon"}}},
  };
  return kArchitectures;
}

const char* GgufArchitecture::word_of(const GgufKey& key) const {
  for (const Word& word : words)
    if (std::string_view(key.key) == word.key) return word.word;
  return key.word;
}

std::string gguf_tensor_name(Slot slot, int64_t layer) {
  for (const TensorRow& row : kTensors) {
    if (row.slot != slot) continue;
    std::string name = row.name;
    if (size_t at = name.find("{}"); at != std::string::npos) name.replace(at, 2, base::cat(layer));
    return name;
  }
  return "";
}

}  // namespace athanor::models

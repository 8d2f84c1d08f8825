// Source: the names that llama.cpp's converter gives (gguf-py's tensor_mapping).

#include "athanor/core/models/gguf/tensors.h"

#include "athanor/core/base/cat.h"

namespace athanor::models {
namespace {

struct TensorRow {
  Slot slot;
  const char* name;
};

constexpr TensorRow kTensors[] = {
    {Slot::kTokenEmbedding, "token_embd.weight"},
    {Slot::kPositionEmbedding, "position_embd.weight"},
    {Slot::kEmbeddingNorm, "token_embd_norm.weight"},
    {Slot::kEmbeddingNormBias, "token_embd_norm.bias"},
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
    {Slot::kQNorm, "blk.{}.attn_q_norm.weight"},
    {Slot::kKNorm, "blk.{}.attn_k_norm.weight"},
    {Slot::kAttnOut, "blk.{}.attn_output.weight"},
    {Slot::kAttnOutBias, "blk.{}.attn_output.bias"},
    {Slot::kAttnPostNorm, "blk.{}.post_attention_norm.weight"},
    {Slot::kFfnNorm, "blk.{}.ffn_norm.weight"},
    {Slot::kFfnNormBias, "blk.{}.ffn_norm.bias"},
    {Slot::kGate, "blk.{}.ffn_gate.weight"},
    {Slot::kGateBias, "blk.{}.ffn_gate.bias"},
    {Slot::kUp, "blk.{}.ffn_up.weight"},
    {Slot::kUpBias, "blk.{}.ffn_up.bias"},
    {Slot::kGateUp, "blk.{}.ffn_up.weight"},
    {Slot::kDown, "blk.{}.ffn_down.weight"},
    {Slot::kDownBias, "blk.{}.ffn_down.bias"},
    {Slot::kFfnPostNorm, "blk.{}.post_ffw_norm.weight"},
    {Slot::kRouter, "blk.{}.ffn_gate_inp.weight"},
    {Slot::kRouterCorrection, "blk.{}.exp_probs_b.bias"},
    {Slot::kExpertGate, "blk.{}.ffn_gate_exps.weight"},
    {Slot::kExpertUp, "blk.{}.ffn_up_exps.weight"},
    {Slot::kExpertDown, "blk.{}.ffn_down_exps.weight"},
    {Slot::kSharedGate, "blk.{}.ffn_gate_shexp.weight"},
    {Slot::kSharedUp, "blk.{}.ffn_up_shexp.weight"},
    {Slot::kSharedDown, "blk.{}.ffn_down_shexp.weight"},
    {Slot::kQDown, "blk.{}.attn_q_a.weight"},
    {Slot::kQDownNorm, "blk.{}.attn_q_a_norm.weight"},
    {Slot::kQUp, "blk.{}.attn_q_b.weight"},
    {Slot::kKvDown, "blk.{}.attn_kv_a_mqa.weight"},
    {Slot::kKvDownNorm, "blk.{}.attn_kv_a_norm.weight"},
    {Slot::kKvUp, "blk.{}.attn_kv_b.weight"},
};

std::string with_layer(std::string name, int64_t layer) {
  if (size_t at = name.find("{}"); at != std::string::npos) name.replace(at, 2, base::cat(layer));
  return name;
}

}  // namespace

std::string gguf_tensor_name(Slot slot, int64_t layer) {
  for (const TensorRow& row : kTensors)
    if (row.slot == slot) return with_layer(row.name, layer);
  return "";
}

std::string gguf_tensor_name(const GgufArchitecture& architecture, const DecoderSpec& spec, Slot slot, int64_t layer) {
  std::string name = gguf_tensor_name(slot, layer);
  const bool own_norms = architecture.attn_norm && spec.parallel_residual && !spec.shared_norm;
  const bool of_attention = slot == Slot::kAttnNorm || slot == Slot::kAttnNormBias;
  const bool of_ffn = slot == Slot::kFfnNorm || slot == Slot::kFfnNormBias;
  if (!own_norms || !(of_attention || of_ffn)) return name;
  const std::string part = of_attention ? architecture.attn_norm : architecture.ffn_norm;
  return base::cat("blk.", layer, ".", part, name.substr(name.rfind('.')));
}

LatentNames gguf_latent_names(int64_t layer) {
  return {with_layer("blk.{}.attn_k_b.weight", layer), with_layer("blk.{}.attn_v_b.weight", layer)};
}

bool is_expert_slot(Slot slot) { return slot == Slot::kExpertGate || slot == Slot::kExpertUp || slot == Slot::kExpertDown; }

bool is_norm_slot(Slot slot) {
  switch (slot) {
    case Slot::kEmbeddingNorm:
    case Slot::kFinalNorm:
    case Slot::kAttnNorm:
    case Slot::kQNorm:
    case Slot::kKNorm:
    case Slot::kAttnPostNorm:
    case Slot::kFfnNorm:
    case Slot::kFfnPostNorm:
      return true;
    default:
      return false;
  }
}

}  // namespace athanor::models

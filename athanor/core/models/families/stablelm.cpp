// StableLM (Stability AI 2024, arXiv:2402.17834): Llama's shape with LayerNorm, a quarter of each head turning, and optionally
// parallel parts that share one norm, and LayerNorms without a bias on query and key heads, each with weights of its own
// (qk_layernorm, StableLM 2 12B). Checked against transformers' StableLmForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec stablelm_spec(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 4096,
                                               .norm = NormKind::kLayer,
                                               .eps = 1e-5,
                                               .eps_key = "layer_norm_eps",
                                               .rope = {.partial_allowed = true, .partial = 0.25}});
  spec.qkv_bias = reader.boolean_or("use_qkv_bias", false);
  spec.parallel_residual = spec.shared_norm = reader.boolean_or("use_parallel_residual", false);
  if (reader.boolean_or("qk_layernorm", false)) spec.qk_norm = QkNorm::kEachHead;
  return spec;
}

Slots stablelm_slots(const DecoderSpec& spec) {
  Slots table = llama_slots(spec);
  for (SlotName& row : table) {
    if (row.slot == Slot::kQNorm) row.name = "model.layers.{}.self_attn.q_layernorm.norms.{e}.weight";
    if (row.slot == Slot::kKNorm) row.name = "model.layers.{}.self_attn.k_layernorm.norms.{e}.weight";
  }
  if (spec.shared_norm)
    std::erase_if(table, [](const SlotName& row) { return row.slot == Slot::kFfnNorm || row.slot == Slot::kFfnNormBias; });
  return table;
}

base::Json stablelm_defaults() {
  base::Json all =
      llama_defaults({{"hidden_dropout", 0.0},
                      {"layer_norm_eps", 1e-5},
                      {"max_position_embeddings", 4096},
                      {"qk_layernorm", false},
                      {"rope_parameters", {{"partial_rotary_factor", 0.25}, {"rope_theta", 10000.0}, {"rope_type", "default"}}},
                      {"use_parallel_residual", false},
                      {"use_qkv_bias", false}});
  all.erase("rms_norm_eps");
  all.erase("head_dim");
  return all;
}

}  // namespace

Family stablelm_family() {
  return {{"stablelm", "LayerNorm, a quarter of each head turns", "arXiv:2402.17834", "families/stablelm.cpp"},
          "StableLmForCausalLM",
          "model.",
          stablelm_spec,
          stablelm_slots,
          stablelm_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

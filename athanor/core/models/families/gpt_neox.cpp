// GPT-NeoX and Pythia (Black et al. 2022, arXiv:2204.06745): LayerNorm, attention and feed-forward side by side with a norm each, a
// quarter of each head turning; q, k and v in one weight, head by head. Checked against transformers' GPTNeoXForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_gpt_neox(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(
      reader, {.max_positions = 2048,
               .norm = NormKind::kLayer,
               .eps = 1e-5,
               .eps_key = "layer_norm_eps",
               .activation = "gelu",
               .rope = {.partial_allowed = true, .partial = 0.25, .theta_key = "rotary_emb_base", .partial_key = "rotary_pct"}});
  spec.gated = false;
  spec.fused_qkv = spec.qkv_by_group = true;
  spec.parallel_residual = reader.boolean_or("use_parallel_residual", true);
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", true);
  spec.ffn_bias = true;
  return spec;
}

Slots gpt_neox_slots(const DecoderSpec& spec) {
  Slots table = {{Slot::kTokenEmbedding, "gpt_neox.embed_in.weight"},
                 {Slot::kAttnNorm, "gpt_neox.layers.{}.input_layernorm.weight"},
                 {Slot::kAttnNormBias, "gpt_neox.layers.{}.input_layernorm.bias"},
                 {Slot::kQkv, "gpt_neox.layers.{}.attention.query_key_value.weight"},
                 {Slot::kAttnOut, "gpt_neox.layers.{}.attention.dense.weight"},
                 {Slot::kFfnNorm, "gpt_neox.layers.{}.post_attention_layernorm.weight"},
                 {Slot::kFfnNormBias, "gpt_neox.layers.{}.post_attention_layernorm.bias"},
                 {Slot::kUp, "gpt_neox.layers.{}.mlp.dense_h_to_4h.weight"},
                 {Slot::kUpBias, "gpt_neox.layers.{}.mlp.dense_h_to_4h.bias"},
                 {Slot::kDown, "gpt_neox.layers.{}.mlp.dense_4h_to_h.weight"},
                 {Slot::kDownBias, "gpt_neox.layers.{}.mlp.dense_4h_to_h.bias"},
                 {Slot::kFinalNorm, "gpt_neox.final_layer_norm.weight"},
                 {Slot::kFinalNormBias, "gpt_neox.final_layer_norm.bias"}};
  if (spec.qkv_bias)
    table.insert(table.end(), {{Slot::kQkvBias, "gpt_neox.layers.{}.attention.query_key_value.bias"},
                               {Slot::kAttnOutBias, "gpt_neox.layers.{}.attention.dense.bias"}});
  if (!spec.tied_head) table.push_back({Slot::kHead, "embed_out.weight"});
  return table;
}

base::Json gpt_neox_defaults() {
  base::Json all =
      llama_defaults({{"attention_bias", true},
                      {"hidden_act", "gelu"},
                      {"hidden_dropout", 0.0},
                      {"layer_norm_eps", 1e-5},
                      {"rope_parameters", {{"partial_rotary_factor", 0.25}, {"rope_theta", 10000.0}, {"rope_type", "default"}}},
                      {"use_parallel_residual", true}});
  for (const char* key : {"rms_norm_eps", "head_dim", "num_key_value_heads"}) all.erase(key);
  return all;
}

}  // namespace

Family gpt_neox_family() {
  return {{"gpt_neox", "attention and feed-forward side by side, a quarter of each head turns", "arXiv:2204.06745",
           "families/gpt_neox.cpp"},
          "GPTNeoXForCausalLM",
          "gpt_neox.",
          read_gpt_neox,
          gpt_neox_slots,
          gpt_neox_defaults,
          {".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

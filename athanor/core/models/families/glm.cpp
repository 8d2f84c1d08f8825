// GLM-4 as transformers has it (Zhipu 2024, arXiv:2406.12793): Llama's shape with biases on q, k and v, gate and up in one weight,
// and the first half of each head turning in neighbouring pairs. GLM-4-0414 (glm4) adds norms behind each part. Checked against
// transformers' GlmForCausalLM and Glm4ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_glm(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(
      reader, {.max_positions = 131072, .eps = 1.5625e-7, .rope = {.interleaved = true, .partial_allowed = true, .partial = 0.5}});
  spec.qkv_bias = reader.boolean_or("attention_bias", true);
  spec.fused_gate_up = true;
  return spec;
}

Slots ffn(const DecoderSpec&) {
  return {{Slot::kGateUp, "model.layers.{}.mlp.gate_up_proj.weight"}, {Slot::kDown, "model.layers.{}.mlp.down_proj.weight"}};
}

Slots glm_slots(const DecoderSpec& spec) {
  return joined({llama_frame(spec), llama_norms(spec), llama_attention(spec), ffn(spec)});
}

Slots glm4_slots(const DecoderSpec& spec) {
  return joined({glm_slots(spec),
                 {{Slot::kAttnPostNorm, "model.layers.{}.post_self_attn_layernorm.weight"},
                  {Slot::kFfnPostNorm, "model.layers.{}.post_mlp_layernorm.weight"}}});
}

base::Json glm_defaults() {
  return llama_defaults({{"attention_bias", true},
                         {"max_position_embeddings", 131072},
                         {"rms_norm_eps", 1.5625e-7},
                         {"rope_parameters", {{"partial_rotary_factor", 0.5}, {"rope_theta", 10000.0}, {"rope_type", "default"}}}});
}

}  // namespace

Family glm_family() {
  return {{"glm", "half of each head turns, in neighbouring pairs; fused gate and up", "arXiv:2406.12793", "families/glm.cpp"},
          "GlmForCausalLM",
          "model.",
          read_glm,
          glm_slots,
          glm_defaults,
          {".rotary_emb.inv_freq"}};
}

Family glm4_family() {
  return {{"glm4", "GLM with norms behind each part too", "arXiv:2406.12793", "families/glm.cpp"},
          "Glm4ForCausalLM",
          "model.",
          read_glm,
          glm4_slots,
          glm_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

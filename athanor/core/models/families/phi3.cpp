// Phi-3 and Phi-4 (Abdin et al. 2024, arXiv:2404.14219): Llama's shape with q, k and v in one weight, gate and up in another, and
// LongRoPE. Checked against transformers' Phi3ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_phi3(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 4096, .eps = 1e-5, .rope = {.partial_allowed = true}});
  spec.fused_qkv = spec.fused_gate_up = true;
  read_windows(reader, spec, every);
  return spec;
}

Slots phi3_slots(const DecoderSpec& spec) {
  return joined({llama_frame(spec),
                 llama_norms(spec),
                 {{Slot::kQkv, "model.layers.{}.self_attn.qkv_proj.weight"},
                  {Slot::kAttnOut, "model.layers.{}.self_attn.o_proj.weight"},
                  {Slot::kGateUp, "model.layers.{}.mlp.gate_up_proj.weight"},
                  {Slot::kDown, "model.layers.{}.mlp.down_proj.weight"}}});
}

base::Json phi3_defaults() {
  base::Json all =
      llama_defaults({{"embd_pdrop", 0.0},
                      {"max_position_embeddings", 4096},
                      {"original_max_position_embeddings", 4096},
                      {"resid_pdrop", 0.0},
                      {"rms_norm_eps", 1e-5},
                      {"rope_parameters", {{"partial_rotary_factor", 1.0}, {"rope_theta", 10000.0}, {"rope_type", "default"}}},
                      {"sliding_window", nullptr}});
  all.erase("head_dim");
  return all;
}

}  // namespace

Family phi3_family() {
  return {{"phi3", "fused q, k, v and fused gate and up, LongRoPE", "arXiv:2404.14219", "families/phi3.cpp"},
          "Phi3ForCausalLM",
          "model.",
          read_phi3,
          phi3_slots,
          phi3_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

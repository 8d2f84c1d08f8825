#include "athanor/core/models/deepseek_shape.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/models/rope_scaling.h"

namespace athanor::models {
namespace {

void read_latent(const ConfigReader& reader, DecoderSpec& spec) {
  LatentSpec& latent = spec.latent;
  latent.kv_rank = reader.integer_or("kv_lora_rank", 512, 1, kMostHidden);
  // Absent is DeepSeek's 1536; null says that queries have no low rank (V2-Lite).
  latent.q_rank = reader.integer_or("q_lora_rank", reader.json().contains("q_lora_rank") ? 0 : 1536, 1, kMostHidden);
  latent.plain_dim = reader.integer_or("qk_nope_head_dim", 128, 1, kMostHeadDim);
  latent.rope_dim = reader.integer_or("qk_rope_head_dim", 64, 2, kMostHeadDim);
  if (latent.rope_dim % 2 != 0) reader.refuse("qk_rope_head_dim", base::cat(latent.rope_dim), "an even number: pairs turn");
  spec.value_dim = reader.integer_or("v_head_dim", 128, 1, kMostHeadDim);
  spec.head_dim = latent.plain_dim + latent.rope_dim;
  spec.kv_heads = spec.heads;
}

/// Scores are also scaled by the square of what yarn says for mscale_all_dim.
void read_scale(DecoderSpec& spec) {
  const double mscale = spec.rope.mscale_all_dim != 0 ? yarn_mscale(spec.rope.factor, spec.rope.mscale_all_dim) : 1;
  spec.attention_scale = mscale * mscale / std::sqrt(static_cast<double>(spec.head_dim));
}

void read_experts(const ConfigReader& reader, DecoderSpec& spec) {
  ExpertsSpec& experts = spec.experts;
  if (!reader.has("n_routed_experts")) return;
  experts.count = reader.integer("n_routed_experts", 1, kMostExperts);
  experts.chosen = reader.integer_or("num_experts_per_tok", 8, 1, experts.count);
  experts.ffn = reader.integer("moe_intermediate_size", 1, kMostFfn);
  experts.shared_ffn = experts.ffn * reader.integer_or("n_shared_experts", 0, 0, kMostExperts);
  experts.scale = reader.number_or("routed_scaling_factor", 1, 1e-6, 1e6);
  experts.groups = reader.integer_or("n_group", 1, 1, experts.count);
  experts.chosen_groups = reader.integer_or("topk_group", experts.groups, 1, experts.groups);
  if (experts.count % experts.groups != 0)
    reader.refuse("n_group", base::cat(experts.groups), base::cat("a divisor of n_routed_experts, which is ", experts.count));
  if (experts.chosen > experts.count / experts.groups * experts.chosen_groups)
    reader.refuse("num_experts_per_tok", base::cat(experts.chosen), "at most the experts of topk_group groups");
  if (reader.integer_or("moe_layer_freq", 1, 1, kMostLayers) != 1)
    reader.refuse("moe_layer_freq", "more than 1", "1: not supported");
  const int64_t dense = reader.integer_or("first_k_dense_replace", 0, 0, kMostLayers);
  for (int64_t i = dense; i < spec.layers; ++i) every_layer(spec)[static_cast<size_t>(i)].experts = true;
}

Slots latent_slots(const DecoderSpec& spec) {
  Slots table = {{Slot::kKvDown, "model.layers.{}.self_attn.kv_a_proj_with_mqa.weight"},
                 {Slot::kKvDownNorm, "model.layers.{}.self_attn.kv_a_layernorm.weight"},
                 {Slot::kKvUp, "model.layers.{}.self_attn.kv_b_proj.weight"},
                 {Slot::kAttnOut, "model.layers.{}.self_attn.o_proj.weight"}};
  if (spec.latent.q_rank == 0)
    table.push_back({Slot::kQ, "model.layers.{}.self_attn.q_proj.weight"});
  else
    table.insert(table.end(), {{Slot::kQDown, "model.layers.{}.self_attn.q_a_proj.weight"},
                               {Slot::kQDownNorm, "model.layers.{}.self_attn.q_a_layernorm.weight"},
                               {Slot::kQUp, "model.layers.{}.self_attn.q_b_proj.weight"}});
  return table;
}

Slots expert_slots(const DecoderSpec& spec) {
  if (spec.experts.count == 0) return {};
  Slots table = {{Slot::kRouter, "model.layers.{}.mlp.gate.weight"},
                 {Slot::kExpertGate, "model.layers.{}.mlp.experts.{e}.gate_proj.weight"},
                 {Slot::kExpertUp, "model.layers.{}.mlp.experts.{e}.up_proj.weight"},
                 {Slot::kExpertDown, "model.layers.{}.mlp.experts.{e}.down_proj.weight"}};
  if (spec.experts.correction) table.push_back({Slot::kRouterCorrection, "model.layers.{}.mlp.gate.e_score_correction_bias"});
  if (spec.experts.shared_ffn > 0)
    table.insert(table.end(), {{Slot::kSharedGate, "model.layers.{}.mlp.shared_experts.gate_proj.weight"},
                               {Slot::kSharedUp, "model.layers.{}.mlp.shared_experts.up_proj.weight"},
                               {Slot::kSharedDown, "model.layers.{}.mlp.shared_experts.down_proj.weight"}});
  for (SlotName& row : table) row.layers = SlotLayers::kExperts;
  return table;
}

}  // namespace

DecoderSpec read_deepseek_shape(const ConfigReader& reader, const LlamaDefaults& defaults) {
  LlamaDefaults shape = defaults;
  shape.rope_elsewhere = true;
  DecoderSpec spec = read_llama_shape(reader, shape);
  read_latent(reader, spec);
  spec.rope = read_rope(reader, spec.latent.rope_dim, spec.max_positions, defaults.rope);
  read_scale(spec);
  read_experts(reader, spec);
  for (const char* key : {"attention_bias", "mlp_bias"})
    if (reader.boolean_or(key, false)) reader.refuse(key, "true", "false: not supported");
  return spec;
}

Slots deepseek_slots(const DecoderSpec& spec) {
  return joined(
      {llama_frame(spec), llama_norms(spec), latent_slots(spec), llama_ffn(spec, SlotLayers::kDense), expert_slots(spec)});
}

base::Json deepseek_defaults(const base::Json& own) {
  base::Json all = {{"attention_bias", false},
                    {"first_k_dense_replace", 1},
                    {"kv_lora_rank", 512},
                    {"moe_intermediate_size", nullptr},
                    {"n_group", 1},
                    {"n_routed_experts", 64},
                    {"n_shared_experts", 1},
                    {"norm_topk_prob", false},
                    {"num_experts_per_tok", 6},
                    {"q_lora_rank", nullptr},
                    {"qk_nope_head_dim", 128},
                    {"qk_rope_head_dim", 64},
                    {"routed_scaling_factor", 1.0},
                    {"topk_group", 1},
                    {"v_head_dim", 128}};
  all.update(own);
  all = llama_defaults(all);
  all.erase("head_dim");
  return all;
}

}  // namespace athanor::models

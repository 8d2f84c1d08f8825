// Qwen3-MoE (Yang et al. 2025, arXiv:2505.09388): Qwen3 with many small experts (128, eight chosen); layers in mlp_only_layers, and
// those between every decoder_sparse_step-th, keep a dense feed-forward. Checked against transformers' Qwen3MoeForCausalLM.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

void read_qwen3_experts(const ConfigReader& reader, DecoderSpec& spec) {
  ExpertsSpec& experts = spec.experts;
  experts.count = reader.integer_or(reader.has("num_experts") ? "num_experts" : "num_local_experts", 128, 1, kMostExperts);
  experts.chosen = reader.integer_or("num_experts_per_tok", 8, 1, experts.count);
  experts.ffn = reader.integer_or("moe_intermediate_size", 768, 1, kMostFfn);
  experts.normalized = reader.boolean_or("norm_topk_prob", false);
  const int64_t step = reader.integer_or("decoder_sparse_step", 1, 1, kMostLayers);
  const std::vector<int64_t> dense = reader.integers("mlp_only_layers", kMostLayers, 0, kMostLayers);
  for (int64_t i = 0; i < spec.layers; ++i)
    every_layer(spec)[static_cast<size_t>(i)].experts =
        (i + 1) % step == 0 && std::find(dense.begin(), dense.end(), i) == dense.end();
}

DecoderSpec read_qwen3_moe(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 32768});
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", false);
  spec.qk_norm = QkNorm::kHead;
  read_qwen3_experts(reader, spec);
  if (reader.boolean_or("use_sliding_window", false)) read_windows(reader, spec, every);
  return spec;
}

Slots qwen3_moe_slots(const DecoderSpec& spec) {
  constexpr bool kPlain = false;
  constexpr SlotLayers kSparse = SlotLayers::kExperts;
  return joined({llama_frame(spec),
                 llama_norms(spec),
                 llama_attention(spec),
                 llama_ffn(spec, SlotLayers::kDense),
                 {{Slot::kRouter, "model.layers.{}.mlp.gate.weight", kPlain, kSparse},
                  {Slot::kExpertGate, "model.layers.{}.mlp.experts.{e}.gate_proj.weight", kPlain, kSparse},
                  {Slot::kExpertUp, "model.layers.{}.mlp.experts.{e}.up_proj.weight", kPlain, kSparse},
                  {Slot::kExpertDown, "model.layers.{}.mlp.experts.{e}.down_proj.weight", kPlain, kSparse}}});
}

base::Json qwen3_moe_defaults() {
  return llama_defaults({{"attention_bias", false},
                         {"decoder_sparse_step", 1},
                         {"max_position_embeddings", 32768},
                         {"mlp_only_layers", base::Json::array()},
                         {"moe_intermediate_size", 768},
                         {"norm_topk_prob", true},
                         {"num_experts", 128},
                         {"num_experts_per_tok", 8},
                         {"sliding_window", nullptr},
                         {"use_sliding_window", false}});
}

}  // namespace

Family qwen3_moe_family() {
  return {{"qwen3_moe", "Qwen3 with many small experts", "arXiv:2505.09388", "families/qwen3_moe.cpp"},
          "Qwen3MoeForCausalLM",
          "model.",
          read_qwen3_moe,
          qwen3_moe_slots,
          qwen3_moe_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

// Mixtral (Jiang et al. 2024, arXiv:2401.04088): Mistral with eight feed-forwards in every layer, of which a router chooses two per
// token; their weights are the softmax of the chosen two. Checked against transformers' MixtralForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_mixtral(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 131072, .eps = 1e-5, .rope = {.theta = 1e6}});
  read_windows(reader, spec, every);
  ExpertsSpec& experts = spec.experts;
  experts.count = reader.integer_or("num_local_experts", 8, 1, kMostExperts);
  experts.chosen = reader.integer_or("num_experts_per_tok", 2, 1, experts.count);
  experts.ffn = spec.ffn;
  experts.normalized = true;
  for (LayerSpec& layer : every_layer(spec)) layer.experts = true;
  return spec;
}

Slots mixtral_slots(const DecoderSpec& spec) {
  return joined({llama_frame(spec),
                 llama_norms(spec),
                 llama_attention(spec),
                 {{Slot::kRouter, "model.layers.{}.block_sparse_moe.gate.weight"},
                  {Slot::kExpertGate, "model.layers.{}.block_sparse_moe.experts.{e}.w1.weight"},
                  {Slot::kExpertUp, "model.layers.{}.block_sparse_moe.experts.{e}.w3.weight"},
                  {Slot::kExpertDown, "model.layers.{}.block_sparse_moe.experts.{e}.w2.weight"}}});
}

base::Json mixtral_defaults() {
  return llama_defaults({{"max_position_embeddings", 131072},
                         {"num_experts_per_tok", 2},
                         {"num_local_experts", 8},
                         {"rms_norm_eps", 1e-5},
                         {"rope_parameters", {{"rope_theta", 1e6}, {"rope_type", "default"}}},
                         {"sliding_window", nullptr}});
}

}  // namespace

Family mixtral_family() {
  return {{"mixtral", "eight feed-forwards per layer, two of them for each token", "arXiv:2401.04088", "families/mixtral.cpp"},
          "MixtralForCausalLM",
          "model.",
          read_mixtral,
          mixtral_slots,
          mixtral_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

// SmolLM3 (Hugging Face 2025): Llama's shape with NoPE layers (Yang et al. 2025, arXiv:2501.18795): those whose entry in
// no_rope_layers is 0, by default every fourth, know no positions. Checked against transformers' SmolLM3ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_smollm3(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 32768, .tied = true, .rope = {.theta = 2e6}});
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", false);
  spec.ffn_bias = reader.boolean_or("mlp_bias", false);
  const int64_t interval = reader.integer_or("no_rope_layer_interval", 4, 1, kMostLayers);
  const std::vector<int64_t> turns = reader.integers("no_rope_layers", kMostLayers, 0, 1);
  if (!turns.empty() && static_cast<int64_t>(turns.size()) < spec.layers)
    reader.refuse("no_rope_layers", "too short a list", "a number for each layer");
  for (int64_t i = 0; i < spec.layers; ++i) {
    const bool turning = turns.empty() ? (i + 1) % interval != 0 : turns[static_cast<size_t>(i)] != 0;
    every_layer(spec)[static_cast<size_t>(i)].rope = turning ? LayerRope::kMain : LayerRope::kNone;
  }
  const bool windows = reader.boolean_or("use_sliding_window", false);
  read_windows(reader, spec, [&](int64_t layer) { return windows && spec.layer(layer).rope == LayerRope::kNone; });
  return spec;
}

base::Json smollm3_defaults() {
  return llama_defaults({{"attention_bias", false},
                         {"layer_types", nullptr},
                         {"max_position_embeddings", 32768},
                         {"mlp_bias", false},
                         {"no_rope_layer_interval", 4},
                         {"no_rope_layers", nullptr},
                         {"rope_parameters", {{"rope_theta", 2e6}, {"rope_type", "default"}}},
                         {"sliding_window", nullptr},
                         {"tie_word_embeddings", true},
                         {"use_sliding_window", false}});
}

}  // namespace

Family smollm3_family() {
  return {{"smollm3", "Llama's shape, every fourth layer without positions", "arXiv:2501.18795", "families/smollm3.cpp"},
          "SmolLM3ForCausalLM",
          "model.",
          read_smollm3,
          llama_slots,
          smollm3_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

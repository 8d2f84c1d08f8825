// Gemma 3, text (Gemma team 2025, arXiv:2503.19786): Gemma's shape without caps, with norms on query and key heads; five layers of
// six see a window and turn by a shorter theta. Checked against transformers' Gemma3ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/gemma_shape.h"

namespace athanor::models {
namespace {

/// transformers 5 keeps one set of positions for each kind of layer; before it, rope_theta and rope_scaling are those of full
/// layers.
void read_ropes(const ConfigReader& reader, DecoderSpec& spec) {
  const ConfigReader both = reader.object_or_empty("rope_parameters");
  const bool older = reader.has("rope_scaling") || !(both.has("full_attention") || both.has("sliding_attention"));
  const ConfigReader main = older ? reader.object_or_empty(reader.has("rope_scaling") ? "rope_scaling" : "rope_parameters")
                                  : both.object_or_empty("full_attention");
  spec.rope = read_rope_of(reader, main, spec.head_dim, spec.max_positions, {.theta = 1e6});
  spec.local_rope = read_rope_of(reader, both.object_or_empty("sliding_attention"), spec.head_dim, spec.max_positions,
                                 {.theta = 1e4, .theta_key = "rope_local_base_freq"});
}

DecoderSpec read_gemma3_text(const ConfigReader& reader) {
  DecoderSpec spec = read_gemma_shape(reader,
                                      {.max_positions = 131072,
                                       .activation_key = "hidden_activation",
                                       .activation = "gelu_pytorch_tanh",
                                       .tied = true,
                                       .rope_elsewhere = true},
                                      0, 0);
  spec.qk_norm = QkNorm::kHead;
  read_ropes(reader, spec);
  const int64_t pattern =
      reader.integer_or("sliding_window_pattern", reader.integer_or("_sliding_window_pattern", 6, 1, kMostLayers), 1, kMostLayers);
  read_windows(
      reader, spec, [pattern](int64_t layer) { return (layer + 1) % pattern != 0; }, 4096);
  for (LayerSpec& layer : every_layer(spec)) layer.rope = layer.window > 0 ? LayerRope::kLocal : LayerRope::kMain;
  return spec;
}

base::Json gemma3_text_defaults() {
  const base::Json full = {{"rope_theta", 1e6}, {"rope_type", "default"}}, local = {{"rope_theta", 1e4}, {"rope_type", "default"}};
  return gemma_defaults({{"max_position_embeddings", 131072},
                         {"rope_parameters", {{"full_attention", full}, {"sliding_attention", local}}},
                         {"_sliding_window_pattern", 6}});
}

}  // namespace

Family gemma3_text_family() {
  return {{"gemma3_text", "five local layers for each global one, with thetas of their own", "arXiv:2503.19786",
           "families/gemma3_text.cpp"},
          "Gemma3ForCausalLM",
          "model.",
          read_gemma3_text,
          gemma_slots,
          gemma3_text_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

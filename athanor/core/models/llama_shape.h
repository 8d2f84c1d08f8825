#pragma once
// What Llama and its many kin share: the reading of sizes, windows by layer, and the tables of weight names. Internal to the room.

#include <functional>
#include <initializer_list>
#include <vector>

#include "athanor/core/models/config_reader.h"
#include "athanor/core/models/new_config.h"

namespace athanor::models {

/// What a family takes where its config says nothing, and the words it uses.
struct LlamaDefaults {
  int64_t max_positions = 2048;
  NormKind norm = NormKind::kRms;
  double eps = 1e-6;
  const char* eps_key = "rms_norm_eps";
  const char* activation_key = "hidden_act";
  const char* activation = "silu";
  bool tied = false;
  RopeDefaults rope = {};
  bool rope_elsewhere = false;  // the family reads its positions by itself
};

DecoderSpec read_llama_shape(const ConfigReader& reader, const LlamaDefaults& defaults = {});
/// heads, kv_heads and head_dim alone.
void read_heads(const ConfigReader& reader, DecoderSpec& spec);

/// The layers' own specs, made where there are none yet.
std::vector<LayerSpec>& every_layer(DecoderSpec& spec);
/// sliding_window (null: none; absent: `fallback`) on the layers that `layer_types` names, or on those that `slides` says where
/// it is absent.
void read_windows(const ConfigReader& reader, DecoderSpec& spec, const std::function<bool(int64_t layer)>& slides,
                  int64_t fallback = 0);
inline bool every(int64_t) { return true; }
/// Qwen's way: with use_sliding_window, the layers from max_window_layers on.
void read_late_windows(const ConfigReader& reader, DecoderSpec& spec);

using Slots = std::vector<SlotName>;
Slots joined(std::initializer_list<Slots> parts);
/// Embedding, final norm, head.
Slots llama_frame(const DecoderSpec& spec);
/// q, k, v and the output, with the biases and norms that the spec names.
Slots llama_attention(const DecoderSpec& spec);
/// Norms before attention and before the feed-forward.
Slots llama_norms(const DecoderSpec& spec);
/// gate, up and down; of `layers` only.
Slots llama_ffn(const DecoderSpec& spec, SlotLayers layers = SlotLayers::kAll);
/// All four.
Slots llama_slots(const DecoderSpec& spec);

}  // namespace athanor::models

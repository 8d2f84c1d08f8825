#include "athanor/core/models/llama_shape.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/log.h"

namespace athanor::models {

void read_heads(const ConfigReader& reader, DecoderSpec& spec) {
  spec.heads = reader.integer("num_attention_heads", 1, kMostHidden);
  spec.kv_heads = reader.integer_or("num_key_value_heads", spec.heads, 1, spec.heads);
  if (spec.heads % spec.kv_heads != 0)
    reader.refuse("num_key_value_heads", base::cat(spec.kv_heads),
                  base::cat("a divisor of num_attention_heads, which is ", spec.heads));
  if (!reader.has("head_dim") && spec.hidden % spec.heads != 0)
    reader.refuse("num_attention_heads", base::cat(spec.heads), base::cat("a divisor of hidden_size, which is ", spec.hidden));
  spec.head_dim = reader.integer_or("head_dim", spec.hidden / spec.heads, 1, kMostHeadDim);
}

DecoderSpec read_llama_shape(const ConfigReader& reader, const LlamaDefaults& defaults) {
  DecoderSpec spec;
  spec.vocab = reader.integer("vocab_size", 1, kMostVocab);
  spec.hidden = reader.integer("hidden_size", 1, kMostHidden);
  spec.layers = reader.integer("num_hidden_layers", 1, kMostLayers);
  spec.ffn = reader.integer("intermediate_size", 1, kMostFfn);
  read_heads(reader, spec);
  spec.max_positions = reader.integer_or("max_position_embeddings", defaults.max_positions, 1, kMostPositions);
  spec.norm = defaults.norm;
  spec.norm_eps = reader.number_or(defaults.eps_key, defaults.eps, 0, 1);
  spec.activation = read_activation(reader, defaults.activation_key, defaults.activation);
  spec.tied_head = reader.boolean_or("tie_word_embeddings", defaults.tied);
  if (!defaults.rope_elsewhere) spec.rope = read_rope(reader, spec.head_dim, spec.max_positions, defaults.rope);
  spec.init_std = spec.residual_init_std = reader.number_or("initializer_range", 0.02, 0, 10);
  if (reader.number_or("attention_dropout", 0, 0, 0.99) != 0)
    base::log_warning("config.json: attention_dropout is not used in training");
  return spec;
}

std::vector<LayerSpec>& every_layer(DecoderSpec& spec) {
  if (spec.layer_specs.empty()) spec.layer_specs.resize(static_cast<size_t>(spec.layers));
  return spec.layer_specs;
}

void read_windows(const ConfigReader& reader, DecoderSpec& spec, const std::function<bool(int64_t layer)>& slides,
                  int64_t fallback) {
  const int64_t absent = reader.json().contains("sliding_window") ? 0 : fallback;
  const int64_t window = reader.integer_or("sliding_window", absent, 1, int64_t{1} << 30);
  const std::vector<std::string> types = reader.texts("layer_types", spec.layers);
  for (int64_t i = 0; i < spec.layers; ++i) {
    const std::string type = types.empty() ? "" : types[static_cast<size_t>(i)];
    if (!type.empty() && type != "sliding_attention" && type != "full_attention")
      reader.refuse("layer_types", type, "sliding_attention or full_attention");
    if (type.empty() ? window == 0 || !slides(i) : type == "full_attention") continue;
    if (window == 0) reader.refuse("sliding_window", "nothing", "a whole number: layer_types names sliding_attention");
    every_layer(spec)[static_cast<size_t>(i)].window = window;
  }
}

void read_late_windows(const ConfigReader& reader, DecoderSpec& spec) {
  if (!reader.boolean_or("use_sliding_window", false)) return;
  const int64_t first = reader.integer_or("max_window_layers", 28, 0, int64_t{1} << 30);
  read_windows(reader, spec, [first](int64_t layer) { return layer >= first; });
}

Slots joined(std::initializer_list<Slots> parts) {
  Slots all;
  for (const Slots& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Slots llama_frame(const DecoderSpec& spec) {
  Slots table = {{Slot::kTokenEmbedding, "model.embed_tokens.weight"}, {Slot::kFinalNorm, "model.norm.weight"}};
  if (spec.norm == NormKind::kLayer) table.push_back({Slot::kFinalNormBias, "model.norm.bias"});
  if (!spec.tied_head) table.push_back({Slot::kHead, "lm_head.weight"});
  return table;
}

Slots llama_attention(const DecoderSpec& spec) {
  Slots table = {{Slot::kQ, "model.layers.{}.self_attn.q_proj.weight"},
                 {Slot::kK, "model.layers.{}.self_attn.k_proj.weight"},
                 {Slot::kV, "model.layers.{}.self_attn.v_proj.weight"},
                 {Slot::kAttnOut, "model.layers.{}.self_attn.o_proj.weight"}};
  const auto add = [&table](bool wanted, std::initializer_list<SlotName> rows) {
    if (wanted) table.insert(table.end(), rows);
  };
  add(spec.qkv_bias, {{Slot::kQBias, "model.layers.{}.self_attn.q_proj.bias"},
                      {Slot::kKBias, "model.layers.{}.self_attn.k_proj.bias"},
                      {Slot::kVBias, "model.layers.{}.self_attn.v_proj.bias"}});
  add(spec.out_bias, {{Slot::kAttnOutBias, "model.layers.{}.self_attn.o_proj.bias"}});
  add(spec.qk_norm != QkNorm::kNone,
      {{Slot::kQNorm, "model.layers.{}.self_attn.q_norm.weight"}, {Slot::kKNorm, "model.layers.{}.self_attn.k_norm.weight"}});
  return table;
}

Slots llama_norms(const DecoderSpec& spec) {
  Slots table = {{Slot::kAttnNorm, "model.layers.{}.input_layernorm.weight"},
                 {Slot::kFfnNorm, "model.layers.{}.post_attention_layernorm.weight"}};
  if (spec.norm == NormKind::kLayer) {
    table.push_back({Slot::kAttnNormBias, "model.layers.{}.input_layernorm.bias"});
    table.push_back({Slot::kFfnNormBias, "model.layers.{}.post_attention_layernorm.bias"});
  }
  return table;
}

Slots llama_ffn(const DecoderSpec& spec, SlotLayers layers) {
  Slots table = {{Slot::kGate, "model.layers.{}.mlp.gate_proj.weight"},
                 {Slot::kUp, "model.layers.{}.mlp.up_proj.weight"},
                 {Slot::kDown, "model.layers.{}.mlp.down_proj.weight"}};
  if (spec.ffn_bias)
    table.insert(table.end(), {{Slot::kGateBias, "model.layers.{}.mlp.gate_proj.bias"},
                               {Slot::kUpBias, "model.layers.{}.mlp.up_proj.bias"},
                               {Slot::kDownBias, "model.layers.{}.mlp.down_proj.bias"}});
  for (SlotName& row : table) row.layers = layers;
  return table;
}

Slots llama_slots(const DecoderSpec& spec) {
  return joined({llama_frame(spec), llama_norms(spec), llama_attention(spec), llama_ffn(spec)});
}

}  // namespace athanor::models

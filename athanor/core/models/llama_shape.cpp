// What Llama and its kin share: the reading of sizes and the table of weight names.

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/log.h"
#include "athanor/core/models/config_reader.h"
#include "athanor/core/models/family.h"

namespace athanor::models {
namespace {

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

}  // namespace

DecoderSpec read_llama_shape(const ConfigReader& reader, int64_t default_max_positions) {
  DecoderSpec spec;
  spec.vocab = reader.integer("vocab_size", 1, kMostVocab);
  spec.hidden = reader.integer("hidden_size", 1, kMostHidden);
  spec.layers = reader.integer("num_hidden_layers", 1, kMostLayers);
  spec.ffn = reader.integer("intermediate_size", 1, kMostFfn);
  read_heads(reader, spec);
  spec.max_positions = reader.integer_or("max_position_embeddings", default_max_positions, 1, kMostPositions);
  spec.norm_eps = reader.number_or("rms_norm_eps", 1e-6, 0, 1);
  spec.activation = read_activation(reader, "hidden_act", "silu");
  spec.tied_head = reader.boolean_or("tie_word_embeddings", false);
  spec.rope = read_rope(reader, spec.head_dim, spec.max_positions);
  spec.init_std = spec.residual_init_std = reader.number_or("initializer_range", 0.02, 0, 10);
  if (reader.number_or("attention_dropout", 0, 0, 0.99) != 0)
    base::log_warning("config.json: attention_dropout is not used in training");
  return spec;
}

std::vector<SlotName> llama_slots(const DecoderSpec& spec) {
  std::vector<SlotName> table = {
      {Slot::kTokenEmbedding, "model.embed_tokens.weight"},
      {Slot::kAttnNorm, "model.layers.{}.input_layernorm.weight"},
      {Slot::kQ, "model.layers.{}.self_attn.q_proj.weight"},
      {Slot::kK, "model.layers.{}.self_attn.k_proj.weight"},
      {Slot::kV, "model.layers.{}.self_attn.v_proj.weight"},
      {Slot::kAttnOut, "model.layers.{}.self_attn.o_proj.weight"},
      {Slot::kFfnNorm, "model.layers.{}.post_attention_layernorm.weight"},
      {Slot::kGate, "model.layers.{}.mlp.gate_proj.weight"},
      {Slot::kUp, "model.layers.{}.mlp.up_proj.weight"},
      {Slot::kDown, "model.layers.{}.mlp.down_proj.weight"},
      {Slot::kFinalNorm, "model.norm.weight"},
  };
  auto add = [&](bool wanted, std::initializer_list<SlotName> rows) {
    if (wanted) table.insert(table.end(), rows);
  };
  add(spec.qkv_bias, {{Slot::kQBias, "model.layers.{}.self_attn.q_proj.bias"},
                      {Slot::kKBias, "model.layers.{}.self_attn.k_proj.bias"},
                      {Slot::kVBias, "model.layers.{}.self_attn.v_proj.bias"}});
  add(spec.out_bias, {{Slot::kAttnOutBias, "model.layers.{}.self_attn.o_proj.bias"}});
  add(spec.ffn_bias, {{Slot::kGateBias, "model.layers.{}.mlp.gate_proj.bias"},
                      {Slot::kUpBias, "model.layers.{}.mlp.up_proj.bias"},
                      {Slot::kDownBias, "model.layers.{}.mlp.down_proj.bias"}});
  add(!spec.tied_head, {{Slot::kHead, "lm_head.weight"}});
  return table;
}

}  // namespace athanor::models

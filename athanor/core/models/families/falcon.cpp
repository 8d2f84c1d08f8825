// Falcon (TII 2023, arXiv:2311.16867) in its three forms. 7B: one key head, attention and feed-forward side by side behind one
// LayerNorm. new_decoder_architecture (40B, 180B): groups of heads, a norm for each side; q, k and v of a group lie together. RW:
// ALiBi, many key heads, one part after the other, biases. ALiBi is added before scores are scaled, and transformers rounds it to
// bfloat16, which shows beyond 256 positions. Checked against transformers' FalconForCausalLM (its sdpa attention:
// its eager one adds ALiBi twice).

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

void read_sizes(const ConfigReader& reader, DecoderSpec& spec) {
  const auto size = [&](const char* name, const char* older, int64_t most) {
    return reader.has(older) ? reader.integer(older, 1, most) : reader.integer(name, 1, most);
  };
  spec.vocab = reader.integer("vocab_size", 1, kMostVocab);
  spec.hidden = size("hidden_size", "n_embed", kMostHidden);
  spec.layers = size("num_hidden_layers", "n_layer", kMostLayers);
  spec.heads = size("num_attention_heads", "n_head", kMostHidden);
  if (spec.hidden % spec.heads != 0)
    reader.refuse("num_attention_heads", base::cat(spec.heads), base::cat("a divisor of hidden_size, which is ", spec.hidden));
  spec.head_dim = spec.hidden / spec.heads;
  spec.ffn = reader.integer_or("ffn_hidden_size", 4 * spec.hidden, 1, kMostFfn);
  spec.max_positions = reader.integer_or("max_position_embeddings", 2048, 1, kMostPositions);
}

bool new_form(const ConfigReader& reader) { return reader.boolean_or("new_decoder_architecture", false); }

/// Whether each side of a layer has a norm of its own.
bool two_norms(const ConfigReader& reader) {
  return new_form(reader) && reader.integer_or("num_ln_in_parallel_attn", 2, 1, 2) == 2;
}

DecoderSpec read_falcon(const ConfigReader& reader) {
  DecoderSpec spec;
  read_sizes(reader, spec);
  spec.kv_heads = spec.heads;
  if (new_form(reader)) {
    spec.kv_heads = reader.integer_or("num_kv_heads", spec.heads, 1, spec.heads);
    if (spec.heads % spec.kv_heads != 0)
      reader.refuse("num_kv_heads", base::cat(spec.kv_heads), base::cat("a divisor of num_attention_heads, ", spec.heads));
  } else if (reader.boolean_or("multi_query", true)) {
    spec.kv_heads = 1;
  }
  spec.norm = NormKind::kLayer;
  spec.norm_eps = reader.number_or("layer_norm_epsilon", 1e-5, 0, 1);
  spec.activation = read_activation(reader, "activation", "gelu");
  spec.gated = false;
  spec.fused_qkv = spec.qkv_by_group = true;
  spec.parallel_residual = new_form(reader) || reader.boolean_or("parallel_attn", true);
  spec.shared_norm = spec.parallel_residual && !two_norms(reader);
  spec.qkv_bias = spec.out_bias = spec.ffn_bias = reader.boolean_or("bias", false);
  spec.tied_head = reader.boolean_or("tie_word_embeddings", true);
  spec.init_std = spec.residual_init_std = reader.number_or("initializer_range", 0.02, 0, 10);
  if (reader.boolean_or("alibi", false)) {
    spec.position = PositionKind::kAlibi;
    spec.alibi_scale = 1 / std::sqrt(static_cast<double>(spec.head_dim));
  } else {
    spec.rope = read_rope(reader, spec.head_dim, spec.max_positions);
  }
  return spec;
}

void add_norms(const DecoderSpec& spec, Slots& table) {
  const auto add = [&table](Slot weight, const char* name, Slot bias, const char* bias_name) {
    table.insert(table.end(), {{weight, name}, {bias, bias_name}});
  };
  if (spec.parallel_residual && !spec.shared_norm) {
    add(Slot::kAttnNorm, "transformer.h.{}.ln_attn.weight", Slot::kAttnNormBias, "transformer.h.{}.ln_attn.bias");
    add(Slot::kFfnNorm, "transformer.h.{}.ln_mlp.weight", Slot::kFfnNormBias, "transformer.h.{}.ln_mlp.bias");
    return;
  }
  add(Slot::kAttnNorm, "transformer.h.{}.input_layernorm.weight", Slot::kAttnNormBias, "transformer.h.{}.input_layernorm.bias");
  if (!spec.parallel_residual)
    add(Slot::kFfnNorm, "transformer.h.{}.post_attention_layernorm.weight", Slot::kFfnNormBias,
        "transformer.h.{}.post_attention_layernorm.bias");
}

Slots falcon_slots(const DecoderSpec& spec) {
  Slots table = {{Slot::kTokenEmbedding, "transformer.word_embeddings.weight"},
                 {Slot::kQkv, "transformer.h.{}.self_attention.query_key_value.weight"},
                 {Slot::kAttnOut, "transformer.h.{}.self_attention.dense.weight"},
                 {Slot::kUp, "transformer.h.{}.mlp.dense_h_to_4h.weight"},
                 {Slot::kDown, "transformer.h.{}.mlp.dense_4h_to_h.weight"},
                 {Slot::kFinalNorm, "transformer.ln_f.weight"},
                 {Slot::kFinalNormBias, "transformer.ln_f.bias"}};
  add_norms(spec, table);
  if (spec.qkv_bias)
    table.insert(table.end(), {{Slot::kQkvBias, "transformer.h.{}.self_attention.query_key_value.bias"},
                               {Slot::kAttnOutBias, "transformer.h.{}.self_attention.dense.bias"},
                               {Slot::kUpBias, "transformer.h.{}.mlp.dense_h_to_4h.bias"},
                               {Slot::kDownBias, "transformer.h.{}.mlp.dense_4h_to_h.bias"}});
  if (!spec.tied_head) table.push_back({Slot::kHead, "lm_head.weight"});
  return table;
}

base::Json falcon_defaults() {
  base::Json all = llama_defaults({{"activation", "gelu"},
                                   {"alibi", false},
                                   {"bias", false},
                                   {"ffn_hidden_size", nullptr},
                                   {"hidden_dropout", 0.0},
                                   {"layer_norm_epsilon", 1e-5},
                                   {"multi_query", true},
                                   {"new_decoder_architecture", false},
                                   {"num_kv_heads", nullptr},
                                   {"num_ln_in_parallel_attn", nullptr},
                                   {"parallel_attn", true},
                                   {"tie_word_embeddings", true}});
  for (const char* key : {"rms_norm_eps", "head_dim", "num_key_value_heads", "intermediate_size", "hidden_act"}) all.erase(key);
  return all;
}

}  // namespace

Family falcon_family() {
  return {{"falcon", "one key head or few, attention and feed-forward side by side", "arXiv:2311.16867", "families/falcon.cpp"},
          "FalconForCausalLM",
          "transformer.",
          read_falcon,
          falcon_slots,
          falcon_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

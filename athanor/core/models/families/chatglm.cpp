// ChatGLM2 and 3, and GLM-4-9B in its first files (Zeng et al. 2022, arXiv:2210.02414; 2024, arXiv:2406.12793): GLM's shape under
// the names of Zhipu's own code, with q, k and v in one weight. Checked against transformers' GlmForCausalLM, whose weights are the
// same ones under other names.

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

void read_heads_of(const ConfigReader& reader, DecoderSpec& spec) {
  spec.heads = reader.integer("num_attention_heads", 1, kMostHidden);
  spec.kv_heads = spec.heads;
  if (reader.boolean_or("multi_query_attention", false))
    spec.kv_heads = reader.integer_or("multi_query_group_num", 1, 1, spec.heads);
  else
    spec.qkv_by_group = true;
  if (spec.heads % spec.kv_heads != 0)
    reader.refuse("multi_query_group_num", base::cat(spec.kv_heads),
                  base::cat("a divisor of num_attention_heads, which is ", spec.heads));
  spec.head_dim = reader.integer_or("kv_channels", 128, 4, kMostHeadDim);
  if (spec.head_dim % 4 != 0)
    reader.refuse("kv_channels", base::cat(spec.head_dim), "a multiple of 4: half of a head turns in pairs");
}

void refuse_other_forms(const ConfigReader& reader) {
  for (const char* key : {"apply_residual_connection_post_layernorm", "add_bias_linear"})
    if (reader.boolean_or(key, false)) reader.refuse(key, "true", "false: not supported");
  for (const char* key : {"rmsnorm", "post_layer_norm", "original_rope"})
    if (!reader.boolean_or(key, true)) reader.refuse(key, "false", "true: not supported");
}

DecoderSpec read_chatglm(const ConfigReader& reader) {
  DecoderSpec spec;
  spec.vocab = reader.integer(reader.has("padded_vocab_size") ? "padded_vocab_size" : "vocab_size", 1, kMostVocab);
  spec.hidden = reader.integer("hidden_size", 1, kMostHidden);
  spec.layers = reader.integer(reader.has("num_layers") ? "num_layers" : "num_hidden_layers", 1, kMostLayers);
  spec.ffn = reader.integer("ffn_hidden_size", 1, kMostFfn);
  read_heads_of(reader, spec);
  refuse_other_forms(reader);
  spec.max_positions = reader.integer_or("seq_length", 2048, 1, kMostPositions);
  spec.norm_eps = reader.number_or("layernorm_epsilon", 1e-5, 0, 1);
  spec.rope = {.theta = 10000 * reader.number_or("rope_ratio", 1, 1e-3, 1e6), .dims = spec.head_dim / 2, .interleaved = true};
  spec.fused_qkv = spec.fused_gate_up = true;
  spec.qkv_bias = reader.boolean_or("add_qkv_bias", false);
  spec.tied_head = reader.boolean_or("tie_word_embeddings", false);
  return spec;
}

Slots chatglm_slots(const DecoderSpec& spec) {
  Slots table = {{Slot::kTokenEmbedding, "transformer.embedding.word_embeddings.weight"},
                 {Slot::kAttnNorm, "transformer.encoder.layers.{}.input_layernorm.weight"},
                 {Slot::kQkv, "transformer.encoder.layers.{}.self_attention.query_key_value.weight"},
                 {Slot::kAttnOut, "transformer.encoder.layers.{}.self_attention.dense.weight"},
                 {Slot::kFfnNorm, "transformer.encoder.layers.{}.post_attention_layernorm.weight"},
                 {Slot::kGateUp, "transformer.encoder.layers.{}.mlp.dense_h_to_4h.weight"},
                 {Slot::kDown, "transformer.encoder.layers.{}.mlp.dense_4h_to_h.weight"},
                 {Slot::kFinalNorm, "transformer.encoder.final_layernorm.weight"}};
  if (spec.qkv_bias) table.push_back({Slot::kQkvBias, "transformer.encoder.layers.{}.self_attention.query_key_value.bias"});
  if (!spec.tied_head) table.push_back({Slot::kHead, "transformer.output_layer.weight"});
  return table;
}

base::Json chatglm_defaults() {
  return decoder_defaults({{"add_bias_linear", false},
                           {"add_qkv_bias", true},
                           {"ffn_hidden_size", nullptr},
                           {"hidden_size", nullptr},
                           {"kv_channels", 128},
                           {"layernorm_epsilon", 1e-5},
                           {"multi_query_attention", true},
                           {"multi_query_group_num", 2},
                           {"num_attention_heads", nullptr},
                           {"num_layers", nullptr},
                           {"original_rope", true},
                           {"padded_vocab_size", nullptr},
                           {"post_layer_norm", true},
                           {"rmsnorm", true},
                           {"rope_ratio", 1.0},
                           {"seq_length", 8192},
                           {"tie_word_embeddings", false}});
}

}  // namespace

Family chatglm_family() {
  return {{"chatglm", "GLM under the names of its first files, fused q, k and v", "arXiv:2210.02414", "families/chatglm.cpp"},
          "ChatGLMForConditionalGeneration",
          "transformer.",
          read_chatglm,
          chatglm_slots,
          chatglm_defaults,
          {".rotary_pos_emb.inv_freq"}};
}

}  // namespace athanor::models

// BLOOM (BigScience 2022, arXiv:2211.05100): ALiBi instead of positions, a LayerNorm on the embedding, biases everywhere, GELU; q,
// k and v in one weight, head by head. Checked against transformers' BloomForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_bloom(const ConfigReader& reader) {
  DecoderSpec spec;
  const auto size = [&](const char* name, const char* other, int64_t most) {
    return reader.has(name) ? reader.integer(name, 1, most) : reader.integer(other, 1, most);
  };
  spec.vocab = reader.integer("vocab_size", 1, kMostVocab);
  spec.hidden = size("n_embed", "hidden_size", kMostHidden);
  spec.layers = size("num_hidden_layers", "n_layer", kMostLayers);
  spec.heads = spec.kv_heads = size("num_attention_heads", "n_head", kMostHidden);
  if (spec.hidden % spec.heads != 0)
    reader.refuse("n_head", base::cat(spec.heads), base::cat("a divisor of hidden_size, which is ", spec.hidden));
  spec.head_dim = spec.hidden / spec.heads;
  spec.ffn = 4 * spec.hidden;
  spec.max_positions = reader.integer_or("seq_length", 2048, 1, kMostPositions);
  spec.norm = NormKind::kLayer;
  spec.norm_eps = reader.number_or("layer_norm_epsilon", 1e-5, 0, 1);
  spec.position = PositionKind::kAlibi;
  spec.activation = Activation::kGeluTanh;
  spec.gated = false;
  spec.fused_qkv = spec.qkv_by_group = true;
  spec.qkv_bias = spec.out_bias = spec.ffn_bias = true;
  spec.tied_head = reader.boolean_or("tie_word_embeddings", true);
  spec.init_std = spec.residual_init_std = reader.number_or("initializer_range", 0.02, 0, 10);
  if (reader.boolean_or("apply_residual_connection_post_layernorm", false))
    reader.refuse("apply_residual_connection_post_layernorm", "true", "false: not supported");
  return spec;
}

Slots bloom_slots(const DecoderSpec& spec) {
  Slots table = {{Slot::kTokenEmbedding, "transformer.word_embeddings.weight"},
                 {Slot::kEmbeddingNorm, "transformer.word_embeddings_layernorm.weight"},
                 {Slot::kEmbeddingNormBias, "transformer.word_embeddings_layernorm.bias"},
                 {Slot::kAttnNorm, "transformer.h.{}.input_layernorm.weight"},
                 {Slot::kAttnNormBias, "transformer.h.{}.input_layernorm.bias"},
                 {Slot::kQkv, "transformer.h.{}.self_attention.query_key_value.weight"},
                 {Slot::kQkvBias, "transformer.h.{}.self_attention.query_key_value.bias"},
                 {Slot::kAttnOut, "transformer.h.{}.self_attention.dense.weight"},
                 {Slot::kAttnOutBias, "transformer.h.{}.self_attention.dense.bias"},
                 {Slot::kFfnNorm, "transformer.h.{}.post_attention_layernorm.weight"},
                 {Slot::kFfnNormBias, "transformer.h.{}.post_attention_layernorm.bias"},
                 {Slot::kUp, "transformer.h.{}.mlp.dense_h_to_4h.weight"},
                 {Slot::kUpBias, "transformer.h.{}.mlp.dense_h_to_4h.bias"},
                 {Slot::kDown, "transformer.h.{}.mlp.dense_4h_to_h.weight"},
                 {Slot::kDownBias, "transformer.h.{}.mlp.dense_4h_to_h.bias"},
                 {Slot::kFinalNorm, "transformer.ln_f.weight"},
                 {Slot::kFinalNormBias, "transformer.ln_f.bias"}};
  if (!spec.tied_head) table.push_back({Slot::kHead, "lm_head.weight"});
  return table;
}

base::Json bloom_defaults() {
  return decoder_defaults({{"apply_residual_connection_post_layernorm", false},
                           {"attention_dropout", 0.0},
                           {"hidden_dropout", 0.0},
                           {"hidden_size", nullptr},
                           {"layer_norm_epsilon", 1e-5},
                           {"n_head", nullptr},
                           {"n_layer", nullptr},
                           {"tie_word_embeddings", true}});
}

}  // namespace

Family bloom_family() {
  return {{"bloom", "ALiBi, a norm on the embedding, biases everywhere", "arXiv:2211.05100", "families/bloom.cpp"},
          "BloomForCausalLM",
          "transformer.",
          read_bloom,
          bloom_slots,
          bloom_defaults,
          {}};
}

}  // namespace athanor::models

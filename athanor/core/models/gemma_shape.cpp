#include "athanor/core/models/gemma_shape.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace athanor::models {
namespace {

double read_cap(const ConfigReader& reader, const char* key, double absent) {
  return reader.json().contains(key) ? reader.number_or(key, 0, 1e-3, 1e6) : absent;
}

}  // namespace

DecoderSpec read_gemma_shape(const ConfigReader& reader, const LlamaDefaults& defaults, double attention_cap, double logit_cap) {
  DecoderSpec spec = read_llama_shape(reader, defaults);
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", false);
  spec.norm_offset = 1;
  spec.embedding_scale = static_cast<float>(std::sqrt(static_cast<double>(spec.hidden)));
  spec.attention_scale = 1 / std::sqrt(reader.number_or("query_pre_attn_scalar", 256, 1e-3, 1e6));
  spec.attention_cap = read_cap(reader, "attn_logit_softcapping", attention_cap);
  spec.logit_cap = read_cap(reader, "final_logit_softcapping", logit_cap);
  if (reader.boolean_or("use_bidirectional_attention", false))
    reader.refuse("use_bidirectional_attention", "true", "false: not supported");
  return spec;
}

Slots gemma_slots(const DecoderSpec& spec) {
  return joined({llama_frame(spec),
                 llama_attention(spec),
                 llama_ffn(spec),
                 {{Slot::kAttnNorm, "model.layers.{}.input_layernorm.weight"},
                  {Slot::kAttnPostNorm, "model.layers.{}.post_attention_layernorm.weight"},
                  {Slot::kFfnNorm, "model.layers.{}.pre_feedforward_layernorm.weight"},
                  {Slot::kFfnPostNorm, "model.layers.{}.post_feedforward_layernorm.weight"}}});
}

base::Json gemma_defaults(const base::Json& own) {
  base::Json all = {{"attention_bias", false},
                    {"attn_logit_softcapping", nullptr},
                    {"final_logit_softcapping", nullptr},
                    {"hidden_activation", "gelu_pytorch_tanh"},
                    {"layer_types", nullptr},
                    {"query_pre_attn_scalar", 256},
                    {"sliding_window", 4096},
                    {"tie_word_embeddings", true}};
  all.update(own);
  all = llama_defaults(all);
  all.erase("hidden_act");
  return all;
}

}  // namespace athanor::models

// Granite 3 (IBM 2024): Llama's shape with four multipliers of maximal update parametrization (Yang et al. 2022, arXiv:2203.03466):
// on embeddings, on scores, on what each part adds to the stream, and (as a divisor) on logits. Checked against transformers'
// GraniteForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_granite(const ConfigReader& reader) {
  constexpr double kLeast = 1e-6, kMost = 1e6;
  DecoderSpec spec = read_llama_shape(reader);
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", false);
  spec.ffn_bias = reader.boolean_or("mlp_bias", false);
  spec.embedding_scale = reader.number_or("embedding_multiplier", 1, kLeast, kMost);
  spec.residual_scale = reader.number_or("residual_multiplier", 1, kLeast, kMost);
  spec.attention_scale = reader.number_or("attention_multiplier", 1, kLeast, kMost);
  spec.logit_scale = 1 / reader.number_or("logits_scaling", 1, kLeast, kMost);
  return spec;
}

base::Json granite_defaults() {
  return llama_defaults({{"attention_bias", false},
                         {"attention_multiplier", 1.0},
                         {"embedding_multiplier", 1.0},
                         {"logits_scaling", 1.0},
                         {"mlp_bias", false},
                         {"residual_multiplier", 1.0}});
}

}  // namespace

Family granite_family() {
  return {{"granite", "Llama's shape with multipliers on embeddings, scores, residuals and logits", "arXiv:2203.03466",
           "families/granite.cpp"},
          "GraniteForCausalLM",
          "model.",
          read_granite,
          llama_slots,
          granite_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

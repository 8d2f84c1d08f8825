// Llama (Touvron et al. 2023, arXiv:2302.13971; Llama 2, arXiv:2307.09288; Llama 3, arXiv:2407.21783), and every model whose
// config.json says so (TinyLlama, SmolLM ...): RMSNorm before each part, rotary positions, grouped key-value heads, SwiGLU. Checked
// against transformers' LlamaForCausalLM, as every family here: names, shapes and numbers of parameters (tests/golden/core_models),
// numbers (tests/golden/models).

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_llama(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader);
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", false);
  spec.ffn_bias = reader.boolean_or("mlp_bias", false);
  return spec;
}

base::Json llama_family_defaults() {
  return llama_defaults({{"attention_bias", false}, {"mlp_bias", false}, {"pretraining_tp", 1}});
}

}  // namespace

Family llama_family() {
  return {{"llama", "RMSNorm, rotary positions, grouped key-value heads, SwiGLU", "arXiv:2302.13971", "families/llama.cpp"},
          "LlamaForCausalLM",
          "model.",
          read_llama,
          llama_slots,
          llama_family_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

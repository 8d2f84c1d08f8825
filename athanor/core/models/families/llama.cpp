// Llama (Touvron et al. 2023, arXiv:2302.13971; Llama 2, arXiv:2307.09288; Llama 3, arXiv:2407.21783), and every model whose
// config.json says so (TinyLlama, SmolLM ...): RMSNorm before each part, rotary positions, grouped key-value heads, SwiGLU. Checked
// against transformers' LlamaForCausalLM: names, shapes and numbers of parameters (tests/golden/core_models).

#include <nlohmann/json.hpp>

#include "athanor/core/models/config_reader.h"
#include "athanor/core/models/families/families.h"
#include "athanor/core/models/new_config.h"

namespace athanor::models {
namespace {

DecoderSpec read(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, 2048);
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", false);
  spec.ffn_bias = reader.boolean_or("mlp_bias", false);
  return spec;
}

DecoderSpec spec(const base::Json& config) { return read({config, ConfigOrigin::kFile}); }

base::Json new_config(const base::Json& keys) {
  base::Json config = over_defaults(keys, {{"architectures", {"LlamaForCausalLM"}},
                                           {"model_type", "llama"},
                                           {"attention_bias", false},
                                           {"max_position_embeddings", 2048},
                                           {"mlp_bias", false},
                                           {"pretraining_tp", 1},
                                           {"rms_norm_eps", 1e-6}});
  read({config, ConfigOrigin::kRecipe});
  return config;
}

}  // namespace

Family llama_family() {
  return {{"llama", "RMSNorm, rotary positions, grouped key-value heads, SwiGLU", "arXiv:2302.13971", "families/llama.cpp"},
          "LlamaForCausalLM",
          "model.",
          spec,
          llama_slots,
          new_config,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

// StarCoder2 (Lozhkov et al. 2024, arXiv:2402.19173): Llama's attention with LayerNorm, biases everywhere (use_bias), a plain GELU
// feed-forward and a window. Checked against transformers' Starcoder2ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_starcoder2(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 4096,
                                               .norm = NormKind::kLayer,
                                               .eps = 1e-5,
                                               .eps_key = "norm_epsilon",
                                               .activation = "gelu_pytorch_tanh",
                                               .tied = true});
  spec.gated = false;
  spec.qkv_bias = spec.out_bias = spec.ffn_bias = reader.boolean_or("use_bias", true);
  read_windows(reader, spec, every);
  return spec;
}

Slots starcoder2_slots(const DecoderSpec& spec) {
  Slots table = joined({llama_frame(spec),
                        llama_norms(spec),
                        llama_attention(spec),
                        {{Slot::kUp, "model.layers.{}.mlp.c_fc.weight"}, {Slot::kDown, "model.layers.{}.mlp.c_proj.weight"}}});
  if (spec.ffn_bias)
    table.insert(table.end(),
                 {{Slot::kUpBias, "model.layers.{}.mlp.c_fc.bias"}, {Slot::kDownBias, "model.layers.{}.mlp.c_proj.bias"}});
  return table;
}

base::Json starcoder2_defaults() {
  base::Json all = llama_defaults({{"embedding_dropout", 0.0},
                                   {"hidden_act", "gelu_pytorch_tanh"},
                                   {"initializer_range", 0.018042},
                                   {"max_position_embeddings", 4096},
                                   {"norm_epsilon", 1e-5},
                                   {"residual_dropout", 0.0},
                                   {"sliding_window", nullptr},
                                   {"tie_word_embeddings", true},
                                   {"use_bias", true}});
  all.erase("rms_norm_eps");
  all.erase("head_dim");
  return all;
}

}  // namespace

Family starcoder2_family() {
  return {{"starcoder2", "LayerNorm, biases, a plain GELU feed-forward, a window", "arXiv:2402.19173", "families/starcoder2.cpp"},
          "Starcoder2ForCausalLM",
          "model.",
          read_starcoder2,
          starcoder2_slots,
          starcoder2_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

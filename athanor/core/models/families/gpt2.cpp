// GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"): learned positions, LayerNorm before each
// part, GELU, biases everywhere, head tied to the embedding. Its matrices are stored [in, out] (OpenAI's Conv1D), q, k and v as
// one. Initialisation: normal(0, 0.02), projections into the residual stream by 1 / sqrt(2 L) less. Checked against transformers'
// GPT2LMHeadModel: names, shapes and numbers of parameters (tests/golden/core_models).

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/log.h"
#include "athanor/core/models/config_reader.h"
#include "athanor/core/models/families/families.h"
#include "athanor/core/models/new_config.h"

namespace athanor::models {
namespace {

void read_shape(const ConfigReader& reader, DecoderSpec& spec) {
  spec.vocab = reader.integer("vocab_size", 1, kMostVocab);
  spec.hidden = reader.integer("n_embd", 1, kMostHidden);
  spec.layers = reader.integer("n_layer", 1, kMostLayers);
  spec.heads = spec.kv_heads = reader.integer("n_head", 1, spec.hidden);
  if (spec.hidden % spec.heads != 0)
    reader.refuse("n_head", base::cat(spec.heads), base::cat("a divisor of n_embd, which is ", spec.hidden));
  spec.head_dim = spec.hidden / spec.heads;
  spec.ffn = reader.integer_or("n_inner", 4 * spec.hidden, 1, kMostFfn);
  spec.max_positions = reader.integer_or("n_positions", 1024, 1, kMostPositions);
}

void read_dropout(const ConfigReader& reader, DecoderSpec& spec) {
  spec.dropout = reader.number_or("resid_pdrop", 0.1, 0, 0.99);
  double embedding = reader.number_or("embd_pdrop", 0.1, 0, 0.99), attention = reader.number_or("attn_pdrop", 0.1, 0, 0.99);
  if (embedding != spec.dropout || attention != spec.dropout)
    base::log_warning("config.json: embd_pdrop, attn_pdrop and resid_pdrop differ; training uses resid_pdrop for all three");
}

DecoderSpec read_gpt2(const ConfigReader& reader) {
  DecoderSpec spec;
  read_shape(reader, spec);
  read_dropout(reader, spec);
  spec.norm = NormKind::kLayer;
  spec.norm_eps = reader.number_or("layer_norm_epsilon", 1e-5, 0, 1);
  spec.position = PositionKind::kLearned;
  spec.activation = read_activation(reader, "activation_function", "gelu_new");
  spec.gated = false;
  spec.fused_qkv = true;
  spec.qkv_bias = spec.out_bias = spec.ffn_bias = true;
  spec.tied_head = reader.boolean_or("tie_word_embeddings", true);
  if (!reader.boolean_or("scale_attn_weights", true)) spec.attention_scale = 1;
  for (const char* key : {"scale_attn_by_inverse_layer_idx", "add_cross_attention"})
    if (reader.boolean_or(key, false)) reader.refuse(key, "true", "false: not supported");
  spec.init_std = reader.number_or("initializer_range", 0.02, 0, 10);
  spec.residual_init_std = spec.init_std / std::sqrt(2.0 * static_cast<double>(spec.layers));
  return spec;
}

std::vector<SlotName> gpt2_slots(const DecoderSpec& spec) {
  constexpr bool kTransposed = true;
  std::vector<SlotName> table = {
      {Slot::kTokenEmbedding, "transformer.wte.weight"},
      {Slot::kPositionEmbedding, "transformer.wpe.weight"},
      {Slot::kAttnNorm, "transformer.h.{}.ln_1.weight"},
      {Slot::kAttnNormBias, "transformer.h.{}.ln_1.bias"},
      {Slot::kQkv, "transformer.h.{}.attn.c_attn.weight", kTransposed},
      {Slot::kQkvBias, "transformer.h.{}.attn.c_attn.bias"},
      {Slot::kAttnOut, "transformer.h.{}.attn.c_proj.weight", kTransposed},
      {Slot::kAttnOutBias, "transformer.h.{}.attn.c_proj.bias"},
      {Slot::kFfnNorm, "transformer.h.{}.ln_2.weight"},
      {Slot::kFfnNormBias, "transformer.h.{}.ln_2.bias"},
      {Slot::kUp, "transformer.h.{}.mlp.c_fc.weight", kTransposed},
      {Slot::kUpBias, "transformer.h.{}.mlp.c_fc.bias"},
      {Slot::kDown, "transformer.h.{}.mlp.c_proj.weight", kTransposed},
      {Slot::kDownBias, "transformer.h.{}.mlp.c_proj.bias"},
      {Slot::kFinalNorm, "transformer.ln_f.weight"},
      {Slot::kFinalNormBias, "transformer.ln_f.bias"},
  };
  if (!spec.tied_head) table.push_back({Slot::kHead, "lm_head.weight"});
  return table;
}

base::Json gpt2_defaults() {
  return decoder_defaults({{"activation_function", "gelu_new"},
                           {"attn_pdrop", 0.1},
                           {"embd_pdrop", 0.1},
                           {"layer_norm_epsilon", 1e-5},
                           {"n_embd", nullptr},
                           {"n_head", nullptr},
                           {"n_inner", nullptr},
                           {"n_layer", nullptr},
                           {"n_positions", 1024},
                           {"resid_pdrop", 0.1},
                           {"scale_attn_weights", true},
                           {"tie_word_embeddings", true}});
}

}  // namespace

Family gpt2_family() {
  return {{"gpt2", "learned positions, LayerNorm, fused q, k and v, GELU", "Radford et al. 2019", "families/gpt2.cpp"},
          "GPT2LMHeadModel",
          "transformer.",
          read_gpt2,
          gpt2_slots,
          gpt2_defaults,
          {".attn.bias", ".attn.masked_bias"}};
}

}  // namespace athanor::models

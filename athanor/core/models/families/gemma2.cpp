// Gemma 2 (Gemma team 2024, arXiv:2408.00118): Gemma's shape with soft caps on scores and logits; layers see a window and
// everything in turn. Checked against transformers' Gemma2ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/gemma_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_gemma2(const ConfigReader& reader) {
  DecoderSpec spec = read_gemma_shape(
      reader, {.max_positions = 8192, .activation_key = "hidden_activation", .activation = "gelu_pytorch_tanh", .tied = true}, 50,
      30);
  read_windows(
      reader, spec, [](int64_t layer) { return layer % 2 == 0; }, 4096);
  return spec;
}

base::Json gemma2_defaults() {
  return gemma_defaults({{"attn_logit_softcapping", 50.0}, {"final_logit_softcapping", 30.0}, {"max_position_embeddings", 8192}});
}

}  // namespace

Family gemma2_family() {
  return {{"gemma2", "norms around each part, soft caps, a window on every other layer", "arXiv:2408.00118", "families/gemma2.cpp"},
          "Gemma2ForCausalLM",
          "model.",
          read_gemma2,
          gemma_slots,
          gemma2_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

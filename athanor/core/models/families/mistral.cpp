// Mistral (Jiang et al. 2023, arXiv:2310.06825): Llama's shape; with sliding_window every query sees that many positions, its own
// included. Checked against transformers' MistralForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_mistral(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 131072});
  read_windows(reader, spec, every);
  return spec;
}

base::Json mistral_defaults() { return llama_defaults({{"max_position_embeddings", 131072}, {"sliding_window", nullptr}}); }

}  // namespace

Family mistral_family() {
  return {{"mistral", "Llama's shape with a window of attention", "arXiv:2310.06825", "families/mistral.cpp"},
          "MistralForCausalLM",
          "model.",
          read_mistral,
          llama_slots,
          mistral_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

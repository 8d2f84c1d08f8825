// Qwen3 (Yang et al. 2025, arXiv:2505.09388): Llama's shape without biases; queries and keys are normalized head by head before
// they turn. Checked against transformers' Qwen3ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_qwen3(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 32768});
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", false);
  spec.qk_norm = QkNorm::kHead;
  read_late_windows(reader, spec);
  return spec;
}

base::Json qwen3_defaults() {
  return llama_defaults({{"attention_bias", false},
                         {"layer_types", nullptr},
                         {"max_position_embeddings", 32768},
                         {"max_window_layers", 28},
                         {"sliding_window", nullptr},
                         {"use_sliding_window", false}});
}

}  // namespace

Family qwen3_family() {
  return {{"qwen3", "Llama's shape with a norm on every query and key head", "arXiv:2505.09388", "families/qwen3.cpp"},
          "Qwen3ForCausalLM",
          "model.",
          read_qwen3,
          llama_slots,
          qwen3_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

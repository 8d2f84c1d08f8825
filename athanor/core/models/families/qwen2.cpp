// Qwen2 and Qwen2.5 (Yang et al. 2024, arXiv:2407.10671): Llama's shape with a bias on q, k and v and none on the attention's
// output. With use_sliding_window, layers from max_window_layers on see a window only. Checked against transformers'
// Qwen2ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_qwen2(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.max_positions = 32768});
  spec.qkv_bias = true;
  read_late_windows(reader, spec);
  return spec;
}

base::Json qwen2_defaults() {
  return llama_defaults({{"layer_types", nullptr},
                         {"max_position_embeddings", 32768},
                         {"max_window_layers", 28},
                         {"sliding_window", nullptr},
                         {"use_sliding_window", false}});
}

}  // namespace

Family qwen2_family() {
  return {{"qwen2", "Llama's shape with a bias on queries, keys and values", "arXiv:2407.10671", "families/qwen2.cpp"},
          "Qwen2ForCausalLM",
          "model.",
          read_qwen2,
          llama_slots,
          qwen2_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

// Qwen2 and Qwen2.5 (Yang et al. 2024, arXiv:2407.10671): Llama's shape with a bias on q, k and v and none on the attention's
// output. Windows of attention (use_sliding_window) are refused where they would change a result. Checked against transformers'
// Qwen2ForCausalLM: names, shapes and numbers of parameters (tests/golden/core_models).

#include <nlohmann/json.hpp>

#include "athanor/core/models/config_reader.h"
#include "athanor/core/models/families/families.h"
#include "athanor/core/models/new_config.h"

namespace athanor::models {
namespace {

/// Layers from max_window_layers on look back `sliding_window` tokens only; a window as long as the model's reach changes nothing.
void refuse_windows(const ConfigReader& reader, const DecoderSpec& spec) {
  constexpr int64_t kMost = int64_t{1} << 30;
  if (!reader.boolean_or("use_sliding_window", false)) return;
  int64_t window = reader.integer_or("sliding_window", 4096, 1, kMost);
  int64_t first = reader.integer_or("max_window_layers", 28, 0, kMost);
  if (window < spec.max_positions && first < spec.layers)
    reader.refuse("use_sliding_window", "true", "false: windows of attention are not supported in this family");
}

DecoderSpec read(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, 32768);
  spec.qkv_bias = true;
  refuse_windows(reader, spec);
  return spec;
}

DecoderSpec spec(const base::Json& config) { return read({config, ConfigOrigin::kFile}); }

base::Json new_config(const base::Json& keys) {
  base::Json config = over_defaults(keys, {{"architectures", {"Qwen2ForCausalLM"}},
                                           {"model_type", "qwen2"},
                                           {"max_position_embeddings", 32768},
                                           {"max_window_layers", 28},
                                           {"rms_norm_eps", 1e-6},
                                           {"sliding_window", nullptr},
                                           {"use_sliding_window", false}});
  read({config, ConfigOrigin::kRecipe});
  return config;
}

}  // namespace

Family qwen2_family() {
  return {{"qwen2", "Llama's shape with a bias on queries, keys and values", "arXiv:2407.10671", "families/qwen2.cpp"},
          "Qwen2ForCausalLM",
          "model.",
          spec,
          llama_slots,
          new_config,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

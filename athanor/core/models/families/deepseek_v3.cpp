// DeepSeek-V3 and R1 (DeepSeek-AI 2024, arXiv:2412.19437): V2's shape; experts are scored by sigmoids, chosen with a correction
// that balances their load without a loss, from the groups whose two best experts together are best. Checked against transformers'
// DeepseekV3ForCausalLM. The extra layers of multi-token prediction are not loaded.

#include <nlohmann/json.hpp>

#include "athanor/core/models/deepseek_shape.h"
#include "athanor/core/models/families/families.h"

namespace athanor::models {
namespace {

DecoderSpec read_deepseek_v3(const ConfigReader& reader) {
  const bool interleaved = reader.boolean_or("rope_interleave", true);
  DecoderSpec spec = read_deepseek_shape(reader, {.max_positions = 4096, .rope = {.interleaved = interleaved}});
  spec.experts.sigmoid = spec.experts.correction = true;
  spec.experts.normalized = reader.boolean_or("norm_topk_prob", true);
  spec.experts.group_best = 2;
  if (spec.experts.count > 0 && spec.experts.count / spec.experts.groups < 2)
    reader.refuse("n_group", "as many groups as experts", "groups of at least two: their two best are compared");
  return spec;
}

base::Json deepseek_v3_defaults() {
  return deepseek_defaults({{"first_k_dense_replace", 3},
                            {"max_position_embeddings", 4096},
                            {"n_routed_experts", 256},
                            {"norm_topk_prob", true},
                            {"num_experts_per_tok", 8},
                            {"rope_interleave", true},
                            {"routed_scaling_factor", 2.5}});
}

}  // namespace

Family deepseek_v3_family() {
  return {{"deepseek_v3", "V2 with sigmoid scores and a correction that balances experts", "arXiv:2412.19437",
           "families/deepseek_v3.cpp"},
          "DeepseekV3ForCausalLM",
          "model.",
          read_deepseek_v3,
          deepseek_slots,
          deepseek_v3_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

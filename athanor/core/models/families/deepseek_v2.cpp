// DeepSeek-V2 (DeepSeek-AI 2024, arXiv:2405.04434): latent attention; experts are scored by a softmax, the best of all (greedy) or
// of the groups whose best expert is best (group_limited_greedy), unnormalized. Checked against transformers'
// DeepseekV2ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/deepseek_shape.h"
#include "athanor/core/models/families/families.h"

namespace athanor::models {
namespace {

DecoderSpec read_deepseek_v2(const ConfigReader& reader) {
  DecoderSpec spec = read_deepseek_shape(reader, {.max_positions = 2048, .rope = {.interleaved = true}});
  const std::string method = reader.text_or("topk_method", "greedy");
  if (method != "greedy" && method != "group_limited_greedy")
    reader.refuse("topk_method", method, "greedy or group_limited_greedy");
  if (method == "greedy") spec.experts.groups = spec.experts.chosen_groups = 1;
  if (reader.boolean_or("norm_topk_prob", false)) reader.refuse("norm_topk_prob", "true", "false in this family");
  return spec;
}

base::Json deepseek_v2_defaults() { return deepseek_defaults({{"topk_method", "greedy"}}); }

}  // namespace

Family deepseek_v2_family() {
  return {
      {"deepseek_v2", "latent attention, many small experts beside shared ones", "arXiv:2405.04434", "families/deepseek_v2.cpp"},
      "DeepseekV2ForCausalLM",
      "model.",
      read_deepseek_v2,
      deepseek_slots,
      deepseek_v2_defaults,
      {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models

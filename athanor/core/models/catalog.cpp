#include <vector>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/rope_scaling.h"

namespace athanor::models {

std::span<const Family> families() {
  static const std::vector<Family> kFamilies = {
      bloom_family(),       chatglm_family(),   deepseek_v2_family(), deepseek_v3_family(), falcon_family(),     gemma2_family(),
      gemma3_text_family(), glm_family(),       glm4_family(),        gpt2_family(),        gpt_neox_family(),   granite_family(),
      llama_family(),       mistral_family(),   mixtral_family(),     olmo2_family(),       phi3_family(),       qwen2_family(),
      qwen3_family(),       qwen3_moe_family(), smollm3_family(),     stablelm_family(),    starcoder2_family(),
  };
  return kFamilies;
}

std::span<const RopeScaling> rope_scalings() {
  static const std::vector<RopeScaling> kScalings = {linear_rope(), dynamic_rope(), llama3_rope(), yarn_rope(), longrope()};
  return kScalings;
}

std::span<const base::Entry> rope_scaling_entries() {
  static const std::vector<base::Entry> kEntries(rope_scalings().begin(), rope_scalings().end());
  return kEntries;
}

}  // namespace athanor::models

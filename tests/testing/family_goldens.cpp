#include "tests/testing/family_goldens.h"

#include <algorithm>

namespace athanor::testing {

/// Folders of "families/".
std::vector<const char*> family_goldens() {
  return {"llama-biases",
          "llama-llama3",
          "llama-yarn",
          "llama-linear",
          "llama-dynamic",
          "mistral-window",
          "mistral-full",
          "qwen2-window",
          "qwen3",
          "qwen3-bias-tied",
          "smollm3-nope",
          "granite",
          "olmo2",
          "starcoder2",
          "stablelm",
          "stablelm-parallel",
          "stablelm-head-norms",
          "phi3",
          "phi3-short",
          "phi3-long",
          "phi3-partial",
          "gemma2",
          "gemma3",
          "gemma3-scaled",
          "gpt_neox",
          "gpt_neox-serial",
          "bloom",
          "falcon",
          "falcon-groups",
          "falcon-one-norm",
          "falcon-alibi",
          "glm",
          "glm4",
          "chatglm",
          "mixtral",
          "qwen3_moe",
          "qwen3_moe-normalized",
          "deepseek_v2",
          "deepseek_v2-groups",
          "deepseek_v3",
          "deepseek_v3-yarn"};
}

std::string test_name(std::string variant) {
  std::replace(variant.begin(), variant.end(), '-', '_');
  return variant;
}

}  // namespace athanor::testing

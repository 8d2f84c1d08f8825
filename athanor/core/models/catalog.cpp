#include <vector>

#include "athanor/core/models/families/families.h"

namespace athanor::models {

std::span<const Family> families() {
  static const std::vector<Family> kFamilies = {
      gpt2_family(),
      llama_family(),
      qwen2_family(),
  };
  return kFamilies;
}

}  // namespace athanor::models

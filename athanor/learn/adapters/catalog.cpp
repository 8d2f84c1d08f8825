#include "athanor/learn/adapters/catalog.h"

namespace athanor::adapters {

std::unique_ptr<Adapter> attach_lora(const AdapterContext& context);
std::unique_ptr<Adapter> attach_ia3(const AdapterContext& context);
std::unique_ptr<Adapter> attach_prompt_tuning(const AdapterContext& context);
std::unique_ptr<Adapter> attach_p_tuning(const AdapterContext& context);
std::unique_ptr<Adapter> attach_prefix_tuning(const AdapterContext& context);
FirstValues kaiming_values(const InitTarget& target);
FirstValues gaussian_values(const InitTarget& target);
FirstValues pissa_values(const InitTarget& target);
FirstValues loftq_values(const InitTarget& target);

std::span<const Method> methods() {
  static const Method rows[] = {
      {{"lora", "a product of two thin matrices beside a frozen one (also rsLoRA, DoRA, LoRA+)", "Hu et al. 2021, arXiv:2106.09685",
        "methods/lora.cpp"},
       attach_lora},
      {{"ia3", "learned factors on keys, values and the inner numbers of the feed-forward", "Liu et al. 2022, arXiv:2205.05638",
        "methods/ia3.cpp"},
       attach_ia3},
      {{"prompt-tuning", "learned embeddings before every sample", "Lester et al. 2021, arXiv:2104.08691",
        "methods/prompt_tuning.cpp"},
       attach_prompt_tuning},
      {{"p-tuning", "embeddings before every sample that a small encoder makes", "Liu et al. 2021, arXiv:2103.10385",
        "methods/p_tuning.cpp"},
       attach_p_tuning},
      {{"prefix-tuning", "learned keys and values before every sample, in every layer (P-tuning v2)",
        "Li and Liang 2021, arXiv:2101.00190; Liu et al. 2022, arXiv:2110.07602", "methods/prefix_tuning.cpp"},
       attach_prefix_tuning},
  };
  return rows;
}

std::span<const Init> inits() {
  static const Init rows[] = {
      {{"kaiming", "A uniform as a new linear layer's, B zero", "Hu et al. 2021, arXiv:2106.09685", "inits/kaiming.cpp"},
       kaiming_values},
      {{"gaussian", "A normal with deviation 1 / r, B zero", "Hu et al. 2021, arXiv:2106.09685", "inits/gaussian.cpp"},
       gaussian_values},
      {{"pissa", "the largest singular parts of the weight, which keeps the rest", "Meng et al. 2024, arXiv:2404.02948",
        "inits/pissa.cpp"},
       pissa_values},
      {{"loftq", "the largest singular parts of what quantizing lost", "Li et al. 2023, arXiv:2310.08659", "inits/loftq.cpp"},
       loftq_values},
  };
  return rows;
}

std::vector<base::Shelf> shelves() {
  base::Shelf method{"learn/adapters", "methods", {}}, init{"learn/adapters", "inits", {}};
  for (const auto& row : methods()) method.entries.push_back(row);
  for (const auto& row : inits()) init.entries.push_back(row);
  return {method, init};
}

}  // namespace athanor::adapters

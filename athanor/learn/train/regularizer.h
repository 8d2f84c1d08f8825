#pragma once
// What holds weights back while they learn: a penalty beside the objective. One regularizer is one file in regularizers/ and one
// row in catalog.cpp.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/recipe.h"
#include "athanor/learn/train/weights.h"

namespace athanor::text {
class Tokenizer;
}

namespace athanor::train {

class Regularizer {
 public:
  virtual ~Regularizer() = default;
  /// Adds the penalty's gradient to a step's gradients (one for each weight; an undefined one stays). The loss that a run shows is
  /// the objective's alone.
  virtual void add_to(std::span<const at::Tensor> gradients) = 0;
};

struct RegularizerContext {
  nn::Decoder& decoder;
  std::vector<Weight>& weights;
  const text::Tokenizer& tokenizer;
  uint64_t tokenizer_hash;
  const TrainRecipe& recipe;
  std::filesystem::path folder;  // the run's
  bool fresh;                    // the weights are the start's; false: the run goes on
};

struct RegularizerKind : base::Entry {
  std::unique_ptr<Regularizer> (*make)(const RegularizerContext& context);
};

std::span<const RegularizerKind> regularizers();

/// strength / 2 * sum of importance * (w - start)^2, where `start` is the model that the recipe begins with. importance: one tensor
/// for each weight, or none: all 1. input_error for a new model, which has no start, and for adapters.
std::unique_ptr<Regularizer> pull_to_start(const RegularizerContext& context, std::vector<at::Tensor> importance);

}  // namespace athanor::train

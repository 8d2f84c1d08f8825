#pragma once
// How weights follow gradients. One optimizer is one file in optimizers/ and one row in catalog.cpp.

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/learn/train/recipe.h"
#include "athanor/learn/train/weights.h"

namespace athanor::train {

struct UpdateArgs {
  double lr = 0;
  double scale = 1;     // on every gradient: clipping
  int64_t updates = 1;  // this one included: what bias corrections count
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// Changes masters and parameters in place. One gradient per weight given to make(), f32 or in the parameter's type; an undefined
  /// one leaves its weight alone. The gradients may be overwritten.
  virtual void update(std::span<const at::Tensor> gradients, const UpdateArgs& args) = 0;
  /// Everything to be saved, written to in place when restored: "exp_avg.<weight>", ...
  virtual std::vector<NamedTensor> state() const = 0;
};

struct OptimizerMethod : base::Entry {
  double state_bytes;  // of its state for one weight of a matrix
  std::unique_ptr<Optimizer> (*make)(const std::vector<Weight>& weights, const TrainOptions& options);
};

std::span<const OptimizerMethod> optimizers();

/// Whether weight decay applies: never to vectors (norms, biases).
bool decays(const Weight& weight, const TrainOptions& options);

}  // namespace athanor::train

#pragma once
// The gradients of one step: taken from the parameters after each backward pass, added up in f32 where a step has several.

#include <ATen/core/Tensor.h>

#include <vector>

#include "athanor/learn/train/weights.h"

namespace athanor::train {

class Gradients {
 public:
  /// `accumulate`: more than one backward pass per step. Otherwise gradients keep their parameters' type and are not copied.
  Gradients(const std::vector<Weight>& weights, bool accumulate);
  /// After a backward pass: moves the parameters' gradients here; the parameters have none afterwards.
  void collect();
  /// Square root of the sum of all squares; the same for any number of threads. Not finite where a gradient is not.
  double norm() const;
  /// One per weight; undefined where no gradient came.
  const std::vector<at::Tensor>& tensors() const { return sums_; }
  /// Frees them; accumulators are kept and zeroed at the next step's first collect().
  void clear();
  /// Lets go of everything, also of what an interrupted backward pass left in the parameters.
  void drop();

 private:
  const std::vector<Weight>& weights_;
  bool accumulate_, first_ = true;
  std::vector<at::Tensor> sums_;
};

}  // namespace athanor::train

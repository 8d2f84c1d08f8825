#pragma once
// The weights of a run. A model in bf16 computes with rounded copies; the f32 masters are what is learned, averaged and saved.

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/learn/nn/module.h"

namespace athanor::train {

enum class WeightKind { kMatrix, kVector, kEmbedding, kHead };

struct Weight {
  std::string name;      // as in the files
  at::Tensor parameter;  // what the model computes with
  at::Tensor master;     // f32; the parameter itself where that is f32
  WeightKind kind = WeightKind::kMatrix;
};

/// Every parameter below `module` with its master. `head_name` is the output matrix, "" where it is the embedding.
std::vector<Weight> collect_weights(nn::Module& module, std::string_view head_name);

/// Overwrites masters and parameters with the arrays of that name, or of the name without `prefix`; others stay.
void load_masters(std::vector<Weight>& weights, const checkpoint::Checkpoint& arrays, std::string_view prefix);

/// Makes the parameters equal to their masters again.
void round_to_parameters(std::vector<Weight>& weights);

/// Name and tensor of something that is saved.
using NamedTensor = std::pair<std::string, at::Tensor>;
/// The tensors as arrays on the CPU, those of floating point converted to `type`; `storage` keeps their memory alive.
std::vector<checkpoint::NamedArray> arrays_of(const std::vector<NamedTensor>& tensors, at::ScalarType type,
                                              std::vector<at::Tensor>& storage);
/// Copies saved arrays into tensors of the same names; file_error where one is missing or has another shape.
void restore(const std::vector<NamedTensor>& tensors, const checkpoint::Checkpoint& arrays);

/// Exponential moving average of the masters: a = d a + (1 - d) w, with d = min(decay, (1 + t) / (10 + t)) after t updates, so that
/// the first weights are soon forgotten.
class WeightAverage {
 public:
  WeightAverage(const std::vector<Weight>& weights, double decay);
  void update(const std::vector<Weight>& weights, int64_t updates);
  std::vector<NamedTensor> state() const;  // "ema.<name>"
  const std::vector<at::Tensor>& values() const { return values_; }

 private:
  double decay_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> values_;
};

/// While it lives, the model computes with other weights (an average).
class BorrowedWeights {
 public:
  BorrowedWeights(std::vector<Weight>& weights, const std::vector<at::Tensor>& values);
  BorrowedWeights(const BorrowedWeights&) = delete;
  BorrowedWeights& operator=(const BorrowedWeights&) = delete;
  ~BorrowedWeights();

 private:
  std::vector<Weight>& weights_;
  std::vector<at::Tensor> kept_;  // of parameters that are their own masters
};

}  // namespace athanor::train

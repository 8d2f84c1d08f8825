#pragma once
// The diagonal of the Fisher information of a language model: how much each weight matters to what the model says.
//   F_i = 1/N sum over rows of (d log p(labels of the row) / d w_i)^2,   N = labels in all
// One gradient for each row, squared, then summed; the square of a summed gradient would be another thing. Labels that are drawn
// from the model itself give the Fisher information proper, those of the text the "empirical" one (Kunstner et al. 2019,
// arXiv:1905.12558).

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "athanor/core/data/batch.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/weights.h"

namespace athanor::train {

struct FisherOptions {
  int64_t rows = 64;
  bool sampled = true;  // labels are drawn from the model; false: the text's own
  uint64_t seed = 0;
};

struct Fisher {
  std::vector<at::Tensor> diagonal;  // f32, one for each weight
  double trace = 0;
};

/// row(i): the i-th batch, of one row. The weights' gradients are empty before and after.
Fisher diagonal_fisher(nn::Decoder& decoder, const std::vector<Weight>& weights, const std::function<data::Batch(int64_t row)>& row,
                       const FisherOptions& options);

}  // namespace athanor::train

#include "athanor/learn/train/reductions.h"

#include <ATen/ops/isfinite.h>
#include <ATen/ops/sum.h>

#include <cmath>

#include "athanor/core/kernels/tree_sum.h"

namespace athanor::train {
namespace {

double squares_of(const at::Tensor& tensor) {
  if (!tensor.is_cpu()) return tensor.detach().to(at::kFloat).square().sum(at::kDouble).item<double>();
  if (tensor.scalar_type() == at::kFloat) return kernels::tree_sum_of_squares(tensor.numel(), tensor.const_data_ptr<float>());
  return kernels::tree_sum_of_squares(tensor.numel(), static_cast<const uint16_t*>(tensor.const_data_ptr()));
}

}  // namespace

double sum_of_squares(const std::vector<at::Tensor>& tensors) {
  double sum = 0;
  for (const at::Tensor& tensor : tensors)
    if (tensor.defined()) sum += squares_of(tensor);
  return sum;
}

bool all_finite(const at::Tensor& tensor) {
  if (std::isfinite(squares_of(tensor.contiguous()))) return true;
  return at::isfinite(tensor).all().item<bool>();  // finite, but the square is not
}

}  // namespace athanor::train

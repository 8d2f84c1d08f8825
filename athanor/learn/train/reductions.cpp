#include "athanor/learn/train/reductions.h"

#include <ATen/ops/isfinite.h>
#include <ATen/ops/sum.h>

#include <cmath>

#include "athanor/core/kernels/tree_sum.h"

namespace athanor::train {
namespace {

double squares_on_cpu(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kFloat) return kernels::tree_sum_of_squares(tensor.numel(), tensor.const_data_ptr<float>());
  return kernels::tree_sum_of_squares(tensor.numel(), static_cast<const uint16_t*>(tensor.const_data_ptr()));
}

at::Tensor squares_on_device(const at::Tensor& tensor) { return tensor.detach().to(at::kFloat).square().sum(at::kDouble); }

}  // namespace

double sum_of_squares(const std::vector<at::Tensor>& tensors) {
  double sum = 0;
  at::Tensor on_device;  // read back once: the host waits for a GPU only here
  for (const at::Tensor& tensor : tensors) {
    if (!tensor.defined()) continue;
    if (tensor.is_cpu())
      sum += squares_on_cpu(tensor);
    else
      on_device = on_device.defined() ? on_device.add(squares_on_device(tensor)) : squares_on_device(tensor);
  }
  return on_device.defined() ? sum + on_device.item<double>() : sum;
}

bool all_finite(const at::Tensor& tensor) {
  if (std::isfinite(sum_of_squares({tensor.contiguous()}))) return true;
  return at::isfinite(tensor).all().item<bool>();  // finite, but the square is not
}

}  // namespace athanor::train

// Cross-entropy of a linear head without its [N, V] logits, on core/kernels/cross_entropy and the products of products.h.
//
// For a block of rows: z = h W^T, loss and dz in the place of z, dh = dz W, dW += dz^T h. Gradients are taken in the forward pass,
// while the block is there, and scaled by the incoming gradient in the backward pass: three products in all, as without blocks, and
// memory for one block (the idea is Hsu et al. 2024, "Liger Kernel"). Rows with target -100 take no part in the products.
//
// In bf16, z and dz are bf16 as under autocast; dW adds the blocks in its own type: a block's product is summed in f32 and rounded
// once when added, and there are few blocks. Floor: 6 N V C operations at the peak of the matrix product.
// Checked against ATen's cross_entropy of whole logits: value and gradients.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "athanor/core/kernels/cross_entropy.h"
#include "athanor/core/kernels/tree_sum.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/fused/pointers.h"
#include "athanor/learn/nn/products.h"

namespace athanor::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Gradients {
  bool want_hidden = false, want_weight = false;
  at::Tensor hidden, weight;
};

/// The rows that count, and their places where some do not.
struct Counted {
  at::Tensor hidden, targets, places;
};

Counted counted_rows(const at::Tensor& hidden, const at::Tensor& targets) {
  const int32_t* target = input<int32_t>(targets);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < targets.numel(); ++i)
    if (target[i] != kernels::kIgnoredTarget) places.push_back(i);
  const auto count = static_cast<int64_t>(places.size());
  if (count == targets.numel()) return {hidden, targets, at::Tensor()};
  at::Tensor index = at::empty({count}, at::kLong);
  std::copy(places.begin(), places.end(), output<int64_t>(index));
  return {hidden.index_select(0, index), targets.index_select(0, index), index};
}

/// Losses of one block of rows; adds its gradients.
void add_block(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, bool first, Gradients& gradients,
               const at::Tensor& dhidden, float* losses) {
  const bool wants = gradients.want_hidden || gradients.want_weight;
  at::Tensor z = product(hidden, weight.t());
  by_type(z, [&]<typename T>() {
    kernels::cross_entropy(wants ? kernels::CrossEntropyPass::kLossAndGradient : kernels::CrossEntropyPass::kLossOnly, z.size(0),
                           z.size(1), output<T>(z), input<int32_t>(targets), losses);
  });
  if (gradients.want_hidden) product_into(dhidden, z, weight);
  if (!gradients.want_weight) return;
  if (first) {
    gradients.weight = product(z.t(), hidden);
  } else {
    add_product(gradients.weight, z.t(), hidden);
  }
}

at::Tensor sum_of_losses(const at::Tensor& given, const at::Tensor& weight, const at::Tensor& given_targets, Gradients& gradients) {
  const Counted rows = counted_rows(given, given_targets);
  const int64_t count = rows.targets.numel(), block = std::max(kLeastLogitRows, kBlockLogits / weight.size(0));
  at::Tensor dhidden = gradients.want_hidden ? dense_like(rows.hidden) : at::Tensor();
  std::vector<float> losses(static_cast<size_t>(count));
  for (int64_t begin = 0; begin < count; begin += block) {
    const int64_t n = std::min(block, count - begin);
    add_block(rows.hidden.narrow(0, begin, n), weight, rows.targets.narrow(0, begin, n), begin == 0, gradients,
              gradients.want_hidden ? dhidden.narrow(0, begin, n) : at::Tensor(), losses.data() + begin);
  }
  if (count == 0 && gradients.want_weight) gradients.weight = at::zeros(weight.sizes(), weight.options());
  if (gradients.want_hidden)
    gradients.hidden =
        rows.places.defined() ? at::zeros(given.sizes(), given.options()).index_copy_(0, rows.places, dhidden) : dhidden;
  at::Tensor sum = empty_f32({});
  *output<float>(sum) = static_cast<float>(kernels::tree_sum(count, losses.data()));
  return sum;
}

class LinearCrossEntropy : public torch::autograd::Function<LinearCrossEntropy> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
                            bool want_hidden, bool want_weight) {
    Gradients gradients{want_hidden, want_weight, {}, {}};
    at::Tensor sum = sum_of_losses(hidden.contiguous(), weight, targets.contiguous(), gradients);
    context->save_for_backward({gradients.hidden, gradients.weight});
    return sum;
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const float factor = *input<float>(incoming[0]);
    const auto scaled = [&](const at::Tensor& gradient) {
      return !gradient.defined() || factor == 1.0f ? gradient : gradient.mul(factor);
    };
    return {scaled(saved[0]), scaled(saved[1]), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets) {
  const bool learning = at::GradMode::is_enabled();
  return LinearCrossEntropy::apply(hidden, weight, targets, learning && hidden.requires_grad(), learning && weight.requires_grad());
}

}  // namespace athanor::nn::fused

#include "athanor/learn/train/fisher.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "athanor/core/base/philox.h"
#include "athanor/learn/train/batch_tensors.h"
#include "athanor/learn/train/gradients.h"

namespace athanor::train {
namespace {

/// Labels drawn from the model at every position that has a target: [1, T] int32.
at::Tensor drawn_targets(nn::Decoder& decoder, const BatchTensors& row, uint64_t seed, int64_t index) {
  at::NoGradGuard no_grad;
  const at::Tensor sums = decoder.logits(decoder.hidden(row.input)).flatten(0, 1).softmax(-1).cumsum(-1);  // [T, V]
  at::Tensor drawn = at::empty({sums.size(0), 1}, at::kFloat);
  base::Philox random(seed, static_cast<uint64_t>(index), base::Purpose::kSampling);
  for (int64_t t = 0; t < drawn.size(0); ++t) drawn.data_ptr<float>()[t] = random.uniform();
  const at::Tensor labels = at::searchsorted(sums, drawn.to(sums.device()).mul(sums.narrow(1, sums.size(1) - 1, 1)));
  return labels.clamp_max(sums.size(1) - 1)
      .to(at::kInt)
      .view(row.targets.sizes())
      .masked_fill(row.targets.eq(data::kNoTarget), data::kNoTarget);
}

}  // namespace

Fisher diagonal_fisher(nn::Decoder& decoder, const std::vector<Weight>& weights, const std::function<data::Batch(int64_t row)>& row,
                       const FisherOptions& options) {
  Fisher fisher;
  for (const Weight& weight : weights) fisher.diagonal.push_back(at::zeros_like(weight.master));
  Gradients gradients(weights, false);
  int64_t labels = 0;
  decoder.eval();
  for (int64_t i = 0; i < options.rows; ++i) {
    const data::Batch batch = row(i);
    BatchTensors tensors = tensors_of(batch, decoder.options().device, false);
    if (options.sampled) tensors.targets = drawn_targets(decoder, tensors, options.seed, i);
    decoder.loss(tensors.input, tensors.targets).backward();
    gradients.collect();
    labels += batch.target_count();
    at::NoGradGuard no_grad;
    for (size_t k = 0; k < weights.size(); ++k)
      if (const at::Tensor& g = gradients.tensors()[k]; g.defined()) fisher.diagonal[k].add_(g.to(at::kFloat).square());
    gradients.clear();
  }
  at::NoGradGuard no_grad;
  for (at::Tensor& diagonal : fisher.diagonal) {
    diagonal.div_(static_cast<double>(std::max<int64_t>(labels, 1)));
    fisher.trace += diagonal.sum().item<double>();
  }
  return fisher;
}

}  // namespace athanor::train

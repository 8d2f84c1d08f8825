#include "athanor/learn/nn/adaptive_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/learn/nn/functions.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::nn {
namespace {

at::Tensor log_softmax_of(const at::Tensor& scores) {
  return at::log_softmax(scores, -1, scores.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}

}  // namespace

AdaptiveHead::AdaptiveHead(std::vector<int64_t> cutoffs, int64_t vocab, std::vector<at::Tensor> weights)
    : bounds_(std::move(cutoffs)) {
  base::expect(!bounds_.empty() && weights.size() == 1 + 2 * bounds_.size(), "nn.adaptive_head",
               "a pair of weights for every cutoff");
  bounds_.push_back(vocab);
  add_child("head", std::make_unique<Linear>(std::move(weights[0])));
  auto tails = std::make_unique<Group>();
  for (size_t k = 0; k + 1 < bounds_.size(); ++k) {
    auto pair = std::make_unique<Group>();
    pair->add_child("0", std::make_unique<Linear>(std::move(weights[1 + 2 * k])));
    pair->add_child("1", std::make_unique<Linear>(std::move(weights[2 + 2 * k])));
    tails->add_child(base::cat(k), std::move(pair));
  }
  add_child("tail", std::move(tails));
}

at::Tensor AdaptiveHead::weight(const std::string& path) {
  auto* plain = dynamic_cast<Linear*>(find(path));
  if (!plain)
    base::input_error("nn.adaptive_head",
                      {"an adaptive softmax head was changed by an adapter", path, "", "leave it out of targets"});
  return plain->parameter("weight");
}

AdaptiveHead::Tail AdaptiveHead::tail(size_t cluster) {
  return {weight(base::cat("tail.", cluster, ".0")), weight(base::cat("tail.", cluster, ".1"))};
}

at::Tensor AdaptiveHead::forward(const at::Tensor& hidden) {
  const int64_t shortlist = bounds_.front();
  const at::Tensor head = log_softmax_of(linear(hidden, weight("head")));
  std::vector<at::Tensor> parts = {head.narrow(-1, 0, shortlist)};
  for (size_t k = 0; k + 1 < bounds_.size(); ++k) {
    const Tail rare = tail(k);
    parts.push_back(log_softmax_of(linear(linear(hidden, rare.down), rare.up)) +
                    head.narrow(-1, shortlist + static_cast<int64_t>(k), 1));
  }
  return at::cat(parts, -1);
}

at::Tensor AdaptiveHead::loss(const at::Tensor& hidden, const at::Tensor& targets) {
  at::Tensor first = targets.clone(), sum;
  for (size_t k = 0; k + 1 < bounds_.size(); ++k) {
    const at::Tensor inside = targets.ge(bounds_[k]).logical_and(targets.lt(bounds_[k + 1]));
    first.masked_fill_(inside, bounds_.front() + static_cast<int64_t>(k));
    const at::Tensor places = inside.nonzero().squeeze(1);
    if (places.numel() == 0) continue;
    const Tail rare = tail(k);
    const at::Tensor low = linear(hidden.index_select(0, places), rare.down);
    const at::Tensor one = linear_cross_entropy(low, rare.up, targets.index_select(0, places).sub(bounds_[k]));
    sum = sum.defined() ? sum + one : one;
  }
  const at::Tensor frequent = linear_cross_entropy(hidden, weight("head"), first);
  return sum.defined() ? frequent + sum : frequent;
}

}  // namespace athanor::nn

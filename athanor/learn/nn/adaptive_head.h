#pragma once
// Adaptive softmax (Grave et al. 2017, "Efficient softmax approximation for GPUs", arXiv:1609.04309): frequent tokens, which must
// be the first of the vocabulary, are scored as ever, rare ones through the cluster that they are in:
//   p(t) = p_head(t)                          t < cutoffs[0]
//   p(t) = p_head(cluster k) p_k(t),          p_k = softmax(U_k D_k h),  D_k [C / shrink^(k+1), C]
// Training reads a cluster's matrices for its own targets only. Checked against torch.nn.AdaptiveLogSoftmaxWithLoss: values,
// gradients, log-probabilities.

#include <vector>

#include "athanor/learn/nn/module.h"

namespace athanor::nn {

class AdaptiveHead : public Layer {
 public:
  /// weights: head [cutoffs[0] + K, C], then for each of the K clusters down [w, C] and up [tokens, w]. Their names in the tree are
  /// torch's: head.weight, tail.k.0.weight, tail.k.1.weight.
  AdaptiveHead(std::vector<int64_t> cutoffs, int64_t vocab, std::vector<at::Tensor> weights);

  /// Log-probabilities of every token: [.., C] -> [.., V], f32 (f64 under f64).
  at::Tensor forward(const at::Tensor& hidden) override;
  /// As linear_cross_entropy: the sum over rows of -log p(target). hidden [N, C], targets [N] int32, -100 counts nothing.
  at::Tensor loss(const at::Tensor& hidden, const at::Tensor& targets);

 private:
  struct Tail {
    at::Tensor down, up;
  };
  at::Tensor weight(const std::string& path);
  Tail tail(size_t cluster);
  std::vector<int64_t> bounds_;  // cutoffs and the vocabulary's size
};

}  // namespace athanor::nn

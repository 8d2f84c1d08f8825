#pragma once
// Multi-head latent attention with gradients.

#include <vector>

#include "athanor/learn/nn/blocks.h"

namespace athanor::nn {

/// DeepSeek-V2 (arXiv:2405.04434): keys and values are made from a low-rank row c = norm(kv_down(x)); a part r of every key, shared
/// by the heads, rotates, and so do the last numbers of every query. Here keys and values are made for all positions, as training
/// needs them; run/engine works on the rows themselves.
class LatentAttention : public Block {
 public:
  struct Shape {
    int64_t heads = 0, plain_dim = 0, rope_dim = 0, value_dim = 0, kv_rank = 0;
    double scale = 0;
  };
  struct Parts {
    std::vector<NamedLayer> queries;  // one layer, or down, norm and up
    NamedLayer kv_down, kv_norm, kv_up, output;
  };
  LatentAttention(const Shape& shape, Parts parts);
  at::Tensor forward(const at::Tensor& x, Pass& pass) override;

 private:
  Shape shape_;
  std::vector<std::string> queries_;
  std::string kv_down_, kv_norm_, kv_up_, output_;
};

}  // namespace athanor::nn

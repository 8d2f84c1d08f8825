#pragma once
// A mixture of experts with gradients.

#include <vector>

#include "athanor/learn/nn/blocks.h"

namespace athanor::nn {

/// The router's weight [count, C] and, where given, the correction [count] under `correction_name`: it helps to choose, has no
/// gradient and is not learned by one. forward: x [N, C] -> f32 logits [N, count].
class Router : public Layer {
 public:
  Router(at::Tensor weight, std::string correction_name, at::Tensor correction);
  at::Tensor forward(const at::Tensor& x) override;
  at::Tensor correction();  // undefined: none

 private:
  std::string correction_name_;
};

/// Shazeer et al. 2017, as models::ExpertsSpec says: every token runs through the experts that its router chooses, and through
/// `shared` (layer may be null). Experts are children "0", "1" ... of the child `experts_name`. Experts that no token chose are not
/// run and get no gradient.
class ExpertsLayer : public Layer {
 public:
  ExpertsLayer(const models::ExpertsSpec& spec, std::string router_name, std::unique_ptr<Router> router, std::string experts_name,
               std::vector<std::unique_ptr<Layer>> experts, NamedLayer shared);
  at::Tensor forward(const at::Tensor& x) override;

 private:
  struct Choices {
    at::Tensor experts, weights;  // [N, chosen] int64, f32
  };
  Choices route(const at::Tensor& rows);

  models::ExpertsSpec spec_;
  std::string router_, experts_, shared_;
};

}  // namespace athanor::nn

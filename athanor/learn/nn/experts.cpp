// Routing as run/engine/routing.cpp has it, on tensors: scores are a softmax or sigmoids of the router's f32 logits; groups are
// ranked by the sum of their best members; gradients flow through the chosen weights, not through the choice. Checked against
// transformers: logits, loss and every gradient (tests/golden/models).

#include "athanor/learn/nn/experts.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros_like.h>

#include <limits>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/functions.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::nn {
namespace {

at::Tensor best(const at::Tensor& ranks, int64_t count) { return std::get<1>(at::topk(ranks, count, -1)); }

/// Ranks [N, count] with -inf outside the best groups.
at::Tensor within_groups(const models::ExpertsSpec& spec, const at::Tensor& ranks) {
  at::Tensor groups = ranks.unflatten(-1, {spec.groups, spec.count / spec.groups});  // [N, groups, members]
  at::Tensor scores = std::get<0>(at::topk(groups, spec.group_best, -1)).sum(-1);
  at::Tensor hidden = at::zeros_like(scores).add(1).scatter(-1, best(scores, spec.chosen_groups), 0).to(at::kBool);
  return groups.masked_fill(hidden.unsqueeze(-1), -std::numeric_limits<double>::infinity()).flatten(-2);
}

}  // namespace

Router::Router(at::Tensor weight, std::string correction_name, at::Tensor correction)
    : correction_name_(std::move(correction_name)) {
  add_parameter("weight", std::move(weight));
  if (correction.defined()) add_parameter(correction_name_, std::move(correction));
}

at::Tensor Router::forward(const at::Tensor& x) {
  const at::ScalarType type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return linear(x.to(type), parameter("weight").to(type));
}

at::Tensor Router::correction() { return has_parameter(correction_name_) ? parameter(correction_name_).detach() : at::Tensor(); }

ExpertsLayer::ExpertsLayer(const models::ExpertsSpec& spec, std::string router_name, std::unique_ptr<Router> router,
                           std::string experts_name, std::vector<std::unique_ptr<Layer>> experts, NamedLayer shared)
    : spec_(spec), router_(router_name), experts_(experts_name), shared_(shared.layer ? shared.name : "") {
  base::expect(static_cast<int64_t>(experts.size()) == spec.count, "nn.experts", "as many experts as the spec says");
  add_child(std::move(router_name), std::move(router));
  auto group = std::make_unique<Group>();
  for (size_t e = 0; e < experts.size(); ++e) group->add_child(std::to_string(e), std::move(experts[e]));
  add_child(std::move(experts_name), std::move(group));
  if (shared.layer) add_child(std::move(shared.name), std::move(shared.layer));
}

ExpertsLayer::Choices ExpertsLayer::route(const at::Tensor& rows) {
  at::Tensor logits = layer_at(*this, router_).forward(rows);
  at::Tensor scores = spec_.sigmoid ? at::sigmoid(logits) : at::softmax(logits, -1);
  at::Tensor ranks = scores.detach();
  if (auto* router = dynamic_cast<Router*>(child(router_)); router && router->correction().defined())
    ranks = ranks + router->correction();
  if (spec_.chosen_groups < spec_.groups) ranks = within_groups(spec_, ranks);
  at::Tensor chosen = best(ranks, spec_.chosen), weights = at::gather(scores, -1, chosen);
  if (spec_.normalized) weights = weights / weights.sum(-1, true).clamp_min(1e-20);
  return {chosen, weights * spec_.scale};
}

at::Tensor ExpertsLayer::forward(const at::Tensor& x) {
  at::Tensor rows = x.reshape({-1, x.size(-1)});
  const Choices choices = route(rows);
  at::Tensor out = at::zeros_like(rows), flat_weights = choices.weights.flatten(), flat_experts = choices.experts.flatten();
  for (int64_t e = 0; e < spec_.count; ++e) {
    at::Tensor hits = flat_experts.eq(e).nonzero().flatten();  // places in [N * chosen]
    if (hits.size(0) == 0) continue;
    at::Tensor tokens = hits.floor_divide(spec_.chosen);
    at::Tensor made = layer_at(*this, experts_ + "." + std::to_string(e)).forward(rows.index_select(0, tokens));
    at::Tensor weights = flat_weights.index_select(0, hits).unsqueeze(-1);
    out = at::index_add(out, 0, tokens, (made * weights).to(out.scalar_type()));
  }
  if (!shared_.empty()) out = out + layer_at(*this, shared_).forward(rows);
  return out.view(x.sizes());
}

}  // namespace athanor::nn

// Routing (Shazeer et al. 2017, arXiv:1701.06538; DeepSeek-V3, arXiv:2412.19437): scores = softmax or sigmoid of the logits; groups
// of experts are ranked by the sum of their best scores (with the correction), the best groups stay; of their experts the best by
// score and correction are chosen; a choice weighs its score alone, made to sum to one where the model says so, times a scale.
// Checked against transformers' routers through the model goldens, and by hand in test_routing.cpp.

#include "athanor/run/engine/routing.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace athanor::engine {
namespace {

void score(bool sigmoid, std::span<const float> logits, std::span<float> scores) {
  if (sigmoid) {
    std::transform(logits.begin(), logits.end(), scores.begin(), [](float x) { return 1 / (1 + std::exp(-x)); });
    return;
  }
  const float most = *std::max_element(logits.begin(), logits.end());
  std::transform(logits.begin(), logits.end(), scores.begin(), [most](float x) { return std::exp(x - most); });
  const float sum = std::accumulate(scores.begin(), scores.end(), 0.0f);
  for (float& s : scores) s /= sum;
}

/// The `count` largest of `values`, the first of equal ones first.
std::vector<int64_t> best(std::span<const float> values, int64_t count) {
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](int64_t a, int64_t b) {
    const float x = values[static_cast<size_t>(a)], y = values[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  order.resize(static_cast<size_t>(count));
  return order;
}

/// Experts outside the best groups get -inf.
void keep_groups(const models::ExpertsSpec& spec, std::span<float> ranks) {
  const auto size = static_cast<size_t>(spec.count / spec.groups);
  std::vector<float> groups;
  for (size_t g = 0; g < ranks.size(); g += size) {
    const std::span<float> members = ranks.subspan(g, size);
    float sum = 0;
    for (int64_t i : best(members, spec.group_best)) sum += members[static_cast<size_t>(i)];
    groups.push_back(sum);
  }
  std::vector<bool> kept(groups.size());
  for (int64_t g : best(groups, spec.chosen_groups)) kept[static_cast<size_t>(g)] = true;
  for (size_t e = 0; e < ranks.size(); ++e)
    if (!kept[e / size]) ranks[e] = -INFINITY;
}

}  // namespace

void route(const models::ExpertsSpec& spec, std::span<const float> logits, std::span<const float> correction,
           std::span<Choice> choices) {
  std::vector<float> scores(logits.size());
  score(spec.sigmoid, logits, scores);
  std::vector<float> ranks = scores;
  for (size_t e = 0; e < correction.size(); ++e) ranks[e] += correction[e];
  if (spec.chosen_groups < spec.groups) keep_groups(spec, ranks);
  const std::vector<int64_t> chosen = best(ranks, spec.chosen);
  float sum = 0;
  for (int64_t e : chosen) sum += scores[static_cast<size_t>(e)];
  const float factor = static_cast<float>(spec.scale) / (spec.normalized ? std::max(sum, 1e-20f) : 1.0f);
  for (size_t i = 0; i < chosen.size(); ++i) choices[i] = {chosen[i], scores[static_cast<size_t>(chosen[i])] * factor};
}

}  // namespace athanor::engine

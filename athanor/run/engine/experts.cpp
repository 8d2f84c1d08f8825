// A mixture of experts (Jiang et al. 2024): every token goes to the experts that routing.h chooses for it, and to no other. Tokens
// of a chunk are gathered by expert, so that each expert's weights are read once per chunk.

#include <algorithm>

#include "athanor/run/engine/executor.h"
#include "athanor/run/engine/routing.h"

namespace athanor::engine {

/// delta = sum over the chosen of weight * expert(y), plus what always runs.
void Executor::mix_experts(const Experts& experts, int64_t tokens) {
  const models::ExpertsSpec& spec = spec_.experts;
  const int64_t width = spec_.hidden;
  float* logits = router_memory_.at_least<float>(tokens * spec.count);
  const kernels::Product product = {experts.router.weight, nullptr, logits, spec.count};
  kernels::matmul(y_, tokens, width, {&product, 1}, work_);

  struct Visit {
    int64_t token;
    float weight;
  };
  std::vector<std::vector<Visit>> visits(static_cast<size_t>(spec.count));
  std::vector<Choice> choices(static_cast<size_t>(spec.chosen));
  for (int64_t t = 0; t < tokens; ++t) {
    route(spec, {logits + t * spec.count, static_cast<size_t>(spec.count)}, experts.correction, choices);
    for (const Choice& choice : choices) visits[static_cast<size_t>(choice.expert)].push_back({t, choice.weight});
  }

  float* in = expert_memory_.at_least<float>(2 * tokens * width);
  float* out = in + tokens * width;
  std::fill_n(delta_, tokens * width, 0.0f);
  for (size_t e = 0; e < visits.size(); ++e) {
    const auto count = static_cast<int64_t>(visits[e].size());
    if (count == 0) continue;
    for (int64_t i = 0; i < count; ++i) std::copy_n(y_ + visits[e][static_cast<size_t>(i)].token * width, width, in + i * width);
    feed_forward(experts.each[e], spec.ffn, in, count, out);
    for (int64_t i = 0; i < count; ++i) {
      const Visit& visit = visits[e][static_cast<size_t>(i)];
      for (int64_t c = 0; c < width; ++c) delta_[visit.token * width + c] += visit.weight * out[i * width + c];
    }
  }
  if (spec.shared_ffn == 0) return;
  feed_forward(experts.shared, spec.shared_ffn, y_, tokens, out);
  for (int64_t i = 0; i < tokens * width; ++i) delta_[i] += out[i];
}

}  // namespace athanor::engine

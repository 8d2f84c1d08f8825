#include "app/cli/engine_scorer.h"

#include <algorithm>
#include <cmath>

namespace athanor::app {
namespace {

constexpr size_t kChunk = 256;  // positions whose scores [kChunk, V] are held at once

/// ln softmax(scores)[target], in double.
double logprob_at(const float* scores, int64_t vocab, text::TokenId target) {
  const float largest = *std::max_element(scores, scores + vocab);
  double sum = 0;
  for (int64_t v = 0; v < vocab; ++v) sum += std::exp(static_cast<double>(scores[v] - largest));
  return scores[target] - largest - std::log(sum);
}

}  // namespace

std::vector<double> EngineScorer::logprobs(std::span<const text::TokenId> ids, int64_t from) {
  const int64_t vocab = session_.vocab_size();
  const auto first = static_cast<size_t>(from);
  auto same = static_cast<size_t>(std::mismatch(ids.begin(), ids.end(), seen_.begin(), seen_.end()).first - ids.begin());
  same = static_cast<size_t>(session_.truncate(static_cast<int64_t>(std::min(same, first - 1))));
  if (same < first - 1) session_.append(ids.subspan(same, first - 1 - same));
  std::vector<double> out;
  for (size_t at = first - 1; at + 1 < ids.size();) {  // position `at` predicts ids[at + 1]
    const size_t count = std::min(kChunk, ids.size() - 1 - at);
    const std::vector<float> scores = session_.append_all(ids.subspan(at, count));
    for (size_t i = 0; i < count; ++i) out.push_back(logprob_at(&scores[i * static_cast<size_t>(vocab)], vocab, ids[at + i + 1]));
    at += count;
  }
  seen_.assign(ids.begin(), ids.end() - 1);
  return out;
}

}  // namespace athanor::app

#include <algorithm>
#include <cmath>
#include <limits>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

/// The largest score, once all of them are known to be usable.
float checked_best(std::span<const float> scores) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float best = -kInfinity;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!(scores[i] < kInfinity))
      base::input_error("generate.scores", {base::cat("the model's score of token ", i, " is not a number to draw from"),
                                            std::isnan(scores[i]) ? "nan" : "infinity", "finite scores or -infinity",
                                            "look for broken weights (athanor logits), or another --dtype"});
    best = std::max(best, scores[i]);
  }
  if (best == -kInfinity)
    base::input_error("generate.scores", {"no token is possible", scores.empty() ? "no scores" : "every score is -infinity", "",
                                          "loosen what forbids tokens"});
  return best;
}

double total_of(std::span<const float> scores, float best) {
  double total = 0;
  for (float s : scores)
    if (s != -std::numeric_limits<float>::infinity()) total += std::exp(s - best);
  return total;
}

}  // namespace

void check_scores(std::span<const float> scores) { checked_best(scores); }

text::TokenId best_token(std::span<const float> scores) {
  const float best = checked_best(scores);
  return static_cast<text::TokenId>(std::find(scores.begin(), scores.end(), best) - scores.begin());
}

text::TokenId draw_token(std::span<const float> scores, uint64_t seed, uint64_t step) {
  const float best = checked_best(scores);
  double left = base::Philox(seed, step, base::Purpose::kSampling).uniform64() * total_of(scores, best);
  size_t last = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double weight = scores[i] == -std::numeric_limits<float>::infinity() ? 0 : std::exp(scores[i] - best);
    if (weight == 0) continue;
    if (left < weight) return static_cast<text::TokenId>(i);
    left -= weight;
    last = i;
  }
  return static_cast<text::TokenId>(last);  // rounding left a crumb after the last possible token
}

double log_sum_exp(std::span<const float> scores) {
  const float best = checked_best(scores);
  return best + std::log(total_of(scores, best));
}

float logprob_of(std::span<const float> scores, text::TokenId id) {
  const float best = checked_best(scores);
  return static_cast<float>(scores[static_cast<size_t>(id)] - best - std::log(total_of(scores, best)));
}

std::vector<TokenLogprob> best_logprobs(std::span<const float> scores, int64_t count) {
  const float best = checked_best(scores);
  const double log_total = std::log(total_of(scores, best));
  std::vector<TokenLogprob> all(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) all[i] = {static_cast<text::TokenId>(i), scores[i]};
  const auto end = all.begin() + std::clamp<int64_t>(count, 0, static_cast<int64_t>(all.size()));
  std::partial_sort(all.begin(), end, all.end(), [](const TokenLogprob& a, const TokenLogprob& b) {
    return a.logprob != b.logprob ? a.logprob > b.logprob : a.id < b.id;
  });
  all.erase(end, all.end());
  for (TokenLogprob& t : all) t.logprob = static_cast<float>(t.logprob - best - log_total);
  return all;
}

}  // namespace athanor::generate

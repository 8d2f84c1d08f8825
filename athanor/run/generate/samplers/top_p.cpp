// Top-p, nucleus sampling (Holtzman et al. 2020): from the least likely token upwards, tokens are removed while their probabilities
// together stay at or below 1 - p. The best one always stays. Among equal scores the lower id is removed first, as a stable
// ascending sort does. Instead of a sort: halve the candidates by selection, and keep only the half where the border lies; O(V) in
// all. Checked against transformers' TopPLogitsWarper.

#include <algorithm>
#include <cmath>
#include <limits>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

struct Candidate {
  float score;
  text::TokenId id;
  bool operator<(const Candidate& other) const { return score != other.score ? score < other.score : id < other.id; }
};

class TopP final : public ScoreStep {
 public:
  explicit TopP(double p) : p_(p) {}

  void apply(std::span<float> scores, const History&) override {
    const float best = *std::max_element(scores.begin(), scores.end());
    candidates_.clear();
    double total = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      if (std::isinf(scores[i])) continue;
      candidates_.push_back({scores[i], static_cast<text::TokenId>(i)});
      total += std::exp(scores[i] - best);
    }
    if (candidates_.size() < 2) return;
    const auto kept = border(best, (1 - p_) * total);
    for (auto c = candidates_.begin(); c != kept; ++c) scores[static_cast<size_t>(c->id)] = -std::numeric_limits<float>::infinity();
  }

 private:
  using Iterator = std::vector<Candidate>::iterator;

  /// The first candidate that stays; those before it are the ones to remove (e^(score - best) summing to at most `removable`).
  Iterator border(float best, double removable) {
    auto low = candidates_.begin(), high = candidates_.end();  // the border lies in [low, high); below low all are removed
    while (high - low > 1) {
      const auto middle = low + (high - low) / 2;
      std::nth_element(low, middle, high);
      double mass = 0;
      for (auto c = low; c != middle; ++c) mass += std::exp(c->score - best);
      if (mass <= removable) {
        removable -= mass;
        low = middle;
      } else {
        high = middle;
      }
    }
    const bool last = low + 1 == candidates_.end();
    return !last && std::exp(low->score - best) <= removable ? low + 1 : low;
  }

  double p_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_top_p(const GenerateOptions& options, const StepContext&) {
  const double p = options.top_p;
  if (!(p >= 0 && p <= 1)) base::input_error("generate.top_p", {"out of range", base::cat(p), "0 to 1"});
  return p == 1 ? nullptr : std::make_unique<TopP>(p);
}

}  // namespace athanor::generate

// Locally typical sampling (Meister et al. 2022): with entropy H = -sum p ln p, tokens are taken in the order of |-ln p - H|, the
// most typical first, until their probabilities reach the mass; the others are removed. Tokens as typical as the last taken stay.
// Checked against transformers' TypicalLogitsWarper.

#include <algorithm>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class TypicalP final : public ScoreStep {
 public:
  explicit TypicalP(double mass) : mass_(mass) {}

  void apply(std::span<float> scores, const History&) override {
    const double log_total = log_sum_exp(scores);
    double entropy = 0;
    for (float s : scores)
      if (s != kNever) entropy -= (s - log_total) * std::exp(s - log_total);
    by_distance_.clear();
    for (float s : scores)
      if (s != kNever) by_distance_.push_back({distance(s, log_total, entropy), std::exp(s - log_total)});
    std::sort(by_distance_.begin(), by_distance_.end(), [](const Place& a, const Place& b) { return a.distance < b.distance; });
    size_t taken = 0;
    for (double sum = by_distance_[0].p; sum < mass_ && taken + 1 < by_distance_.size();) sum += by_distance_[++taken].p;
    const float furthest = by_distance_[taken].distance;
    for (float& s : scores)
      if (s != kNever && distance(s, log_total, entropy) > furthest) s = kNever;
  }

 private:
  struct Place {
    float distance;
    double p;
  };
  /// In float32, as the reference has it: equal scores are equally far.
  static float distance(float score, double log_total, double entropy) {
    return static_cast<float>(std::abs(log_total - score - entropy));
  }

  double mass_;
  std::vector<Place> by_distance_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_typical_p(const GenerateOptions& options, const StepContext&) {
  const double mass = options.typical_p;
  if (!(mass >= 0 && mass <= 1)) base::input_error("generate.typical_p", {"out of range", base::cat(mass), "0 to 1", "1 is off"});
  return mass == 1 ? nullptr : std::make_unique<TypicalP>(mass);
}

}  // namespace athanor::generate

// Exponential length penalty (transformers): once t tokens more than `start` are generated, the scores of the end tokens rise by
// |score| * (factor^t - 1), so that the end becomes ever likelier (factor < 1: ever less). Checked against transformers'
// ExponentialDecayLengthPenalty.

#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class ExponentialDecay final : public ScoreStep {
 public:
  ExponentialDecay(int64_t start, double factor, std::span<const text::TokenId> end_ids)
      : start_(start), factor_(factor), end_ids_(end_ids.begin(), end_ids.end()) {}

  void apply(std::span<float> scores, const History& history) override {
    const int64_t past = static_cast<int64_t>(history.generated.size()) - start_;
    if (past <= 0) return;
    const double growth = std::min(std::pow(factor_, static_cast<double>(past)) - 1, 1e30);
    for (text::TokenId id : end_ids_) {
      if (id < 0 || static_cast<size_t>(id) >= scores.size()) continue;
      float& score = scores[static_cast<size_t>(id)];
      if (score != kNever) score += static_cast<float>(std::min(std::abs(score) * growth, 1e30));
    }
  }

 private:
  int64_t start_;
  double factor_;
  std::vector<text::TokenId> end_ids_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_exponential_decay(const GenerateOptions& options, const StepContext& context) {
  const double factor = options.exponential_decay_factor;
  if (!(factor >= 0.01 && factor <= 100))
    base::input_error("generate.exponential_decay_factor", {"out of range", base::cat(factor), "0.01 to 100", "1 is off"});
  if (options.exponential_decay_start < 0)
    base::input_error("generate.exponential_decay_start",
                      {"out of range", base::cat(options.exponential_decay_start), "0 or more"});
  if (factor == 1) return nullptr;
  return std::make_unique<ExponentialDecay>(options.exponential_decay_start, factor, context.end_ids);
}

}  // namespace athanor::generate

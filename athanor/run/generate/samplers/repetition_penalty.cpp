// Repetition penalty (Keskar et al. 2019, "CTRL", section 4.1): the score s of every token in the prompt or generated so far
// becomes s / penalty where it is positive and s * penalty where it is negative, once however often the token occurred. Checked
// against transformers' RepetitionPenaltyLogitsProcessor.

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class RepetitionPenalty final : public ScoreStep {
 public:
  explicit RepetitionPenalty(double penalty) : penalty_(static_cast<float>(penalty)) {}

  void apply(std::span<float> scores, const History& history) override {
    seen_.resize(scores.size());
    if (seen_in_generated_ == 0 && distinct_.empty()) remember(history.prompt);
    remember(history.generated.subspan(seen_in_generated_));
    seen_in_generated_ = history.generated.size();
    for (size_t id : distinct_) scores[id] = scores[id] < 0 ? scores[id] * penalty_ : scores[id] / penalty_;
  }

 private:
  void remember(std::span<const text::TokenId> ids) {
    for (text::TokenId id : ids) {
      const auto i = static_cast<size_t>(id);
      if (i >= seen_.size() || seen_[i]) continue;
      seen_[i] = true;
      distinct_.push_back(i);
    }
  }

  float penalty_;
  std::vector<bool> seen_;
  std::vector<size_t> distinct_;
  size_t seen_in_generated_ = 0;
};

}  // namespace

std::unique_ptr<ScoreStep> make_repetition_penalty(const GenerateOptions& options, const StepContext&) {
  const double penalty = options.repetition_penalty;
  if (!(penalty >= 0.01 && penalty <= 100))
    base::input_error("generate.repetition_penalty", {"out of range", base::cat(penalty), "0.01 to 100", "1 is off, 1.1 is usual"});
  return penalty == 1 ? nullptr : std::make_unique<RepetitionPenalty>(penalty);
}

}  // namespace athanor::generate

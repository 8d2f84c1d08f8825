// Presence and frequency penalties (OpenAI's API reference): score -= presence * [count > 0] + frequency * count, where count is
// how often the token was generated; the prompt does not count. transformers has none; checked against the formula.

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class PresenceFrequency final : public ScoreStep {
 public:
  PresenceFrequency(double presence, double frequency) : presence_(presence), frequency_(frequency) {}

  void apply(std::span<float> scores, const History& history) override {
    counts_.resize(scores.size());
    for (text::TokenId id : history.generated.subspan(counted_)) {
      const auto i = static_cast<size_t>(id);
      if (i < counts_.size() && counts_[i]++ == 0) distinct_.push_back(i);
    }
    counted_ = history.generated.size();
    for (size_t id : distinct_) scores[id] -= static_cast<float>(presence_ + frequency_ * counts_[id]);
  }

 private:
  double presence_, frequency_;
  std::vector<int32_t> counts_;
  std::vector<size_t> distinct_;
  size_t counted_ = 0;
};

void check_penalties(const char* where, double penalty) {
  if (!(penalty >= -100 && penalty <= 100)) base::input_error(where, {"out of range", base::cat(penalty), "-100 to 100"});
}

}  // namespace

std::unique_ptr<ScoreStep> make_presence_frequency(const GenerateOptions& options, const StepContext&) {
  check_penalties("generate.presence_penalty", options.presence_penalty);
  check_penalties("generate.frequency_penalty", options.frequency_penalty);
  if (options.presence_penalty == 0 && options.frequency_penalty == 0) return nullptr;
  return std::make_unique<PresenceFrequency>(options.presence_penalty, options.frequency_penalty);
}

}  // namespace athanor::generate

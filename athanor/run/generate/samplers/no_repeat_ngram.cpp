// No repeated n-gram (Paulus et al. 2017; Klein et al. 2017): a token is forbidden where, after the last n - 1 tokens, it would
// complete an n-gram that prompt and generated text already hold. n = 1 forbids every token so far. O(length) per token.
// Checked against transformers' NoRepeatNGramLogitsProcessor.

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class NoRepeatNgram final : public ScoreStep {
 public:
  explicit NoRepeatNgram(size_t n) : n_(n) {}

  void apply(std::span<float> scores, const History& history) override {
    if (ids_.empty()) ids_.assign(history.prompt.begin(), history.prompt.end());
    const auto unseen = history.generated.subspan(ids_.size() - history.prompt.size());
    ids_.insert(ids_.end(), unseen.begin(), unseen.end());
    if (ids_.size() < n_) return;
    const std::span<const text::TokenId> ids = ids_, suffix = ids.last(n_ - 1);
    for (size_t i = 0; i + n_ <= ids.size(); ++i) {
      const auto next = static_cast<size_t>(ids[i + n_ - 1]);
      if (next < scores.size() && std::equal(suffix.begin(), suffix.end(), ids.begin() + static_cast<std::ptrdiff_t>(i)))
        scores[next] = kNever;
    }
  }

 private:
  size_t n_;
  std::vector<text::TokenId> ids_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_no_repeat_ngram(const GenerateOptions& options, const StepContext&) {
  const int64_t n = options.no_repeat_ngram_size;
  if (n < 0) base::input_error("generate.no_repeat_ngram_size", {"out of range", base::cat(n), "0 (off) or more"});
  return n == 0 ? nullptr : std::make_unique<NoRepeatNgram>(static_cast<size_t>(n));
}

}  // namespace athanor::generate

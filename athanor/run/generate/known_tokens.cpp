#include "athanor/run/generate/known_tokens.h"

#include <algorithm>

namespace athanor::generate {
namespace {

class KnownTokens final : public ScoreStep {
 public:
  explicit KnownTokens(const StepContext& context) : context_(context) {}

  void apply(std::span<float> scores, const History&) override {
    const auto known = static_cast<size_t>(context_.tokenizer->vocab_size());
    const auto unused = context_.tokenizer->unused_ids();
    if (scores.size() <= known && unused.empty()) return;
    std::vector<float> ends;
    for (text::TokenId id : context_.end_ids) ends.push_back(is_row(id, scores) ? scores[static_cast<size_t>(id)] : kNever);
    for (text::TokenId id : unused)
      if (is_row(id, scores)) scores[static_cast<size_t>(id)] = kNever;
    if (scores.size() > known) std::fill(scores.begin() + static_cast<std::ptrdiff_t>(known), scores.end(), kNever);
    for (size_t i = 0; i < ends.size(); ++i)
      if (is_row(context_.end_ids[i], scores)) scores[static_cast<size_t>(context_.end_ids[i])] = ends[i];
  }

 private:
  static bool is_row(text::TokenId id, std::span<const float> scores) { return id >= 0 && static_cast<size_t>(id) < scores.size(); }

  StepContext context_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_known_tokens(const StepContext& context) {
  return context.tokenizer ? std::make_unique<KnownTokens>(context) : nullptr;
}

}  // namespace athanor::generate

// Contrastive search (Su et al. 2022): of the k likeliest tokens takes the one with the most
// (1 - alpha) * p(v) - alpha * max over the sequence so far of cos(h_v, h_j)
// where h_v is the hidden state (after the final norm) that v would have and h_j those of prompt and text: likely, but not a
// repetition of what was said. Each step runs all k candidates. Checked against transformers 4.49 (the last that has it).

#include <cmath>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"
#include "athanor/run/generate/search.h"

namespace athanor::generate {
namespace {

class ContrastiveSearch {
 public:
  explicit ContrastiveSearch(const SearchTask& task) : task_(task), source_(task.model.branches()) {}

  std::vector<text::TokenId> search() {
    std::span<float> scores = source_->begin(task_.prompt);
    width_ = source_->states().size() / task_.prompt.size();
    remember(source_->states());
    const int64_t most = std::min(task_.options.max_new_tokens, source_->room());
    const auto vocab = static_cast<size_t>(source_->vocab_size());
    std::vector<text::TokenId> ids;
    for (int64_t chosen = 0; static_cast<int64_t>(ids.size()) < most && !base::stop_requested();) {
      apply_penalties(task_.options, {&task_.tokenizer, task_.end_ids}, scores, {task_.prompt, ids});
      const std::vector<TokenLogprob> candidates = best_logprobs(scores, task_.options.top_k);
      std::vector<text::TokenId> next;
      for (const TokenLogprob& c : candidates) next.push_back(c.id);
      std::span<float> rows = source_->step(std::vector<int64_t>(next.size(), chosen), next);
      chosen = best_of(candidates);
      ids.push_back(next[static_cast<size_t>(chosen)]);
      if (task_.ends(ids.back())) break;
      remember(source_->states().subspan(static_cast<size_t>(chosen) * width_, width_));
      scores = rows.subspan(static_cast<size_t>(chosen) * vocab, vocab);
    }
    return ids;
  }

 private:
  /// Keeps states as directions of length 1.
  void remember(std::span<const float> states) {
    for (size_t i = 0; i < states.size(); i += width_) {
      const std::span<const float> h = states.subspan(i, width_);
      const double length = std::sqrt(std::inner_product(h.begin(), h.end(), h.begin(), 0.0));
      for (float x : h) directions_.push_back(static_cast<float>(x / length));
    }
  }

  int64_t best_of(const std::vector<TokenLogprob>& candidates) const {
    const double alpha = task_.options.penalty_alpha;
    int64_t best = 0;
    double most = -INFINITY;
    for (size_t c = 0; c < candidates.size(); ++c) {
      const std::span<const float> h = source_->states().subspan(c * width_, width_);
      const double length = std::sqrt(std::inner_product(h.begin(), h.end(), h.begin(), 0.0));
      double likeness = -INFINITY;
      for (auto j = directions_.begin(); j != directions_.end(); j += static_cast<std::ptrdiff_t>(width_))
        likeness = std::max(likeness, std::inner_product(h.begin(), h.end(), j, 0.0) / length);
      const double value = (1 - alpha) * std::exp(candidates[c].logprob) - alpha * likeness;
      if (value > most) most = value, best = static_cast<int64_t>(c);
    }
    return best;
  }

  const SearchTask& task_;
  std::unique_ptr<BranchingSource> source_;
  size_t width_ = 0;               // C
  std::vector<float> directions_;  // [tokens, C]
};

}  // namespace

bool asks_for_contrastive(const GenerateOptions& options) {
  const double alpha = options.penalty_alpha;
  if (!(alpha >= 0 && alpha <= 1))
    base::input_error("generate.penalty_alpha", {"out of range", base::cat(alpha), "0 (off) to 1", "0.6 is usual"});
  if (alpha > 0 && (options.top_k < 2 || options.top_k > 1024))
    base::input_error("generate.penalty_alpha", {"contrastive search chooses among top_k tokens",
                                                 base::cat("top_k ", options.top_k), "2 to 1024", "--top-k 4"});
  return alpha > 0;
}

GenerateResult run_contrastive(const SearchTask& task) {
  refuse_draws(task.options, "contrastive-search", true);
  return written(task, ContrastiveSearch(task).search());
}

}  // namespace athanor::generate

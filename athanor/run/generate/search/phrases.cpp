// Constrained beams (Anderson et al. 2017; Post and Vilar 2018; Hokamp and Liu 2017): beside the likeliest continuations of the
// beams stand those that bring a phrase forward: the next token of the phrase begun, or the first tokens of all that are missing.
// All are sorted into banks by how many tokens of phrases they hold (a finished phrase counts as the longest), and the beams of the
// next step are taken from the banks in turn, the fullest first, the likeliest of each first. A sequence may end only when it holds
// all. Phrases count in what is generated. Checked against transformers 4.49 (the last that has it).

#include "athanor/run/generate/search/phrases.h"
#include "athanor/core/base/error.h"

namespace athanor::generate {
namespace {

/// How far a sequence has come: reads its tokens one by one.
class Progress {
 public:
  Progress(const Phrases& phrases, std::span<const text::TokenId> ids) : phrases_(phrases) {
    for (size_t i = 0; i < phrases.size(); ++i) pending_.push_back(i);
    for (text::TokenId id : ids) read(id);
  }

  void read(text::TokenId id) {
    if (complete()) return;
    if (place_ > 0) {
      if (phrases_[current_][place_] != id) {  // broken off: it waits again, behind the others
        pending_.push_back(current_);
        place_ = 0;
      } else if (++place_ == phrases_[current_].size()) {
        ++finished_;
        place_ = 0;
      }
      return;
    }
    const auto begun = std::find_if(pending_.begin(), pending_.end(), [&](size_t i) { return phrases_[i][0] == id; });
    if (begun == pending_.end()) return;
    current_ = *begun;
    pending_.erase(begun);
    if (phrases_[current_].size() == 1)
      ++finished_;
    else
      place_ = 1;
  }

  bool complete() const { return finished_ == phrases_.size(); }

  std::vector<text::TokenId> next_ids() const {
    if (place_ > 0) return {phrases_[current_][place_]};
    std::vector<text::TokenId> ids;
    for (size_t i : pending_) ids.push_back(phrases_[i][0]);
    return ids;
  }

  size_t bank() const {
    size_t longest = 0;
    for (const auto& phrase : phrases_) longest = std::max(longest, phrase.size());
    return finished_ * longest + (place_ > 0 ? longest - (phrases_[current_].size() - place_) : 0);
  }

 private:
  const Phrases& phrases_;
  std::vector<size_t> pending_;
  size_t current_ = 0, place_ = 0, finished_ = 0;  // place_: tokens read of the phrase begun
};

std::vector<text::TokenId> followed(const Beam& beam, text::TokenId id) {
  std::vector<text::TokenId> ids = beam.ids;
  ids.push_back(id);
  return ids;
}

struct Banked {
  Continuation continuation;
  size_t bank, rank = 0;  // rank within the bank
};

}  // namespace

Phrases phrase_ids(const SearchTask& task) {
  Phrases phrases;
  for (const std::string& word : task.options.force_words) {
    phrases.push_back(task.tokenizer.encode(word, {.add_special_tokens = false, .parse_special = false}));
    if (phrases.back().empty()) base::input_error("generate.force_words", {"a text has no token", word, "at least one character"});
  }
  return phrases;
}

bool holds_all(const Phrases& phrases, std::span<const text::TokenId> ids) { return Progress(phrases, ids).complete(); }

std::vector<Continuation> with_phrases(const Phrases& phrases, const std::vector<Beam>& beams, std::vector<Continuation> open,
                                       std::span<const float> scores, size_t vocab) {
  const size_t count = open.size();
  std::vector<Banked> all;
  std::vector<std::vector<text::TokenId>> known;
  for (const Continuation& c : open) {
    known.push_back(followed(beams[c.beam], c.id));
    all.push_back({c, Progress(phrases, known.back()).bank()});
  }
  for (size_t b = 0; b < beams.size(); ++b) {
    const Progress before(phrases, beams[b].ids);
    if (before.complete()) continue;
    for (text::TokenId id : before.next_ids()) {
      std::vector<text::TokenId> ids = followed(beams[b], id);
      const float score = scores[static_cast<size_t>(beams[b].sequence) * vocab + static_cast<size_t>(id)];
      if (score == kNever || std::find(known.begin(), known.end(), ids) != known.end()) continue;
      Progress after = before;
      after.read(id);
      all.push_back({{score, b, id}, after.bank()});
      known.push_back(std::move(ids));
    }
  }
  if (all.size() == count) return open;
  std::stable_sort(all.begin(), all.end(), [](const Banked& a, const Banked& b) {
    return a.bank != b.bank ? a.bank > b.bank : a.continuation.score > b.continuation.score;
  });
  for (size_t i = 1; i < all.size(); ++i) all[i].rank = all[i].bank == all[i - 1].bank ? all[i - 1].rank + 1 : 0;
  std::stable_sort(all.begin(), all.end(), [](const Banked& a, const Banked& b) { return a.rank < b.rank; });
  open.clear();
  for (size_t i = 0; i < count; ++i) open.push_back(all[i].continuation);
  return open;
}

}  // namespace athanor::generate

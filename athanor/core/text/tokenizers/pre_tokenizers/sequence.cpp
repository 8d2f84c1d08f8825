// Sequence: each pre-tokenizer cuts the words of the one before it.

#include "athanor/core/text/tokenizers/pre_tokenizer.h"

namespace athanor::text {

namespace {

class PreTokenizerSequence final : public PreTokenizer {
 public:
  explicit PreTokenizerSequence(const Component& c) {
    for (const Component& part : c.list("pretokenizers")) {
      if (!parts_.empty()) parts_.back()->spell_out();
      parts_.push_back(make_pre_tokenizer(part));
    }
  }

  void split(std::string_view text, bool at_start, WordSink& words) const override { split_from(0, text, at_start, words); }
  bool byte_level() const override { return !parts_.empty() && parts_.back()->byte_level(); }
  LineEnd line_end() const override {
    LineEnd all = LineEnd::kNothing;
    for (const auto& part : parts_) {
      if (part->line_end() == LineEnd::kOther) return LineEnd::kOther;
      if (part->line_end() == LineEnd::kBorder) all = LineEnd::kBorder;
    }
    return all;
  }
  void spell_out() override {
    if (!parts_.empty()) parts_.back()->spell_out();
  }

 private:
  struct Rest final : WordSink {
    Rest(const PreTokenizerSequence& sequence, size_t next, WordSink& words) : sequence(sequence), next(next), words(words) {}
    void word(std::string_view text, bool at_start) override { sequence.split_from(next, text, at_start, words); }
    const PreTokenizerSequence& sequence;
    size_t next;
    WordSink& words;
  };

  void split_from(size_t i, std::string_view text, bool at_start, WordSink& words) const {
    if (i == parts_.size()) return words.word(text, at_start);
    if (i + 1 == parts_.size()) return parts_[i]->split(text, at_start, words);
    Rest rest(*this, i + 1, words);
    parts_[i]->split(text, at_start, rest);
  }

  std::vector<std::unique_ptr<PreTokenizer>> parts_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_pre_tokenizer_sequence(const Component& c) { return std::make_unique<PreTokenizerSequence>(c); }

}  // namespace athanor::text

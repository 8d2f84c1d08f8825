// The pre-tokenizers that ask one question of each character. BertPreTokenizer: words between white space, and every punctuation
// sign by itself. Whitespace: runs of \w, and runs of other signs. WhitespaceSplit: what is between white space.
// CharDelimiterSplit: what is between one character. Punctuation: signs apart.

#include "athanor/core/text/tokenizers/char_marks.h"
#include "athanor/core/text/tokenizers/pre_tokenizers/split_parts.h"

namespace athanor::text {

namespace {

/// Calls send(begin, end) for the runs of characters of one kind; kind(code) 0 is left out, kind 1 stands alone.
template <typename Kind, typename Send>
void runs_of_kind(std::string_view text, const Kind& kind, const Send& send) {
  size_t begin = 0;
  int current = 0;
  for (size_t i = 0; i < text.size();) {
    Char c = char_at(text.data() + i);
    int next = kind(c.code);
    if (next != current || next == 1) {
      if (current != 0) send(begin, i);
      begin = i, current = next;
    }
    i += c.length;
  }
  if (current != 0) send(begin, text.size());
}

template <typename Kind>
class Runs final : public PreTokenizer {
 public:
  explicit Runs(Kind kind) : kind_(kind) {}
  LineEnd line_end() const override { return kind_('\n') == 0 ? LineEnd::kBorder : LineEnd::kOther; }
  void split(std::string_view text, bool at_start, WordSink& words) const override {
    runs_of_kind(text, kind_,
                 [&](size_t begin, size_t end) { words.word(text.substr(begin, end - begin), at_start && begin == 0); });
  }

 private:
  Kind kind_;
};

template <typename Kind>
std::unique_ptr<PreTokenizer> make_runs(Kind kind) {
  return std::make_unique<Runs<Kind>>(kind);
}

class Punctuation final : public PreTokenizer {
 public:
  explicit Punctuation(SplitBehavior behavior) : behavior_(behavior) {}
  void split(std::string_view text, bool at_start, WordSink& words) const override {
    std::vector<SplitPart> parts;
    auto kind = [](uint32_t code) { return char_marks(code) & kPunctuation ? 1 : 2; };
    runs_of_kind(text, kind, [&](size_t begin, size_t end) {
      parts.push_back({begin, end, (char_marks(char_at(text.data() + begin).code) & kPunctuation) != 0});
    });
    send_parts(text, at_start, std::move(parts), behavior_, words);
  }

 private:
  SplitBehavior behavior_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_bert_pre_tokenizer(const Component&) {
  return make_runs([](uint32_t code) {
    uint8_t marks = char_marks(code);
    return marks & kWhiteSpace ? 0 : marks & kPunctuation ? 1 : 2;
  });
}

std::unique_ptr<PreTokenizer> make_whitespace(const Component&) {
  return make_runs([](uint32_t code) {
    uint8_t marks = char_marks(code);
    return marks & kRegexWord ? 3 : marks & kWhiteSpace ? 0 : 2;
  });
}

std::unique_ptr<PreTokenizer> make_whitespace_split(const Component&) {
  return make_runs([](uint32_t code) { return char_marks(code) & kWhiteSpace ? 0 : 2; });
}

std::unique_ptr<PreTokenizer> make_char_delimiter_split(const Component& c) {
  uint32_t delimiter = char_at(c.character("delimiter").data()).code;
  return make_runs([delimiter](uint32_t code) { return code == delimiter ? 0 : 2; });
}

std::unique_ptr<PreTokenizer> make_punctuation(const Component& c) {
  return std::make_unique<Punctuation>(c.has("behavior") ? split_behavior(c) : SplitBehavior::kIsolated);
}

}  // namespace athanor::text

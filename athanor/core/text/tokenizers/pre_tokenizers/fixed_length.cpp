// FixedLength: so many characters to a word.

#include "athanor/core/text/tokenizers/pre_tokenizer.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

class FixedLength final : public PreTokenizer {
 public:
  explicit FixedLength(int64_t length) : length_(length) {}

  void split(std::string_view text, bool at_start, WordSink& words) const override {
    for (size_t begin = 0; begin < text.size();) {
      size_t end = begin;
      for (int64_t n = 0; n < length_ && end < text.size(); ++n) end += char_at(text.data() + end).length;
      words.word(text.substr(begin, end - begin), at_start && begin == 0);
      begin = end;
    }
  }

 private:
  int64_t length_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_fixed_length(const Component& c) {
  return std::make_unique<FixedLength>(c.has("length") ? c.integer("length", 1, 1 << 30) : 5);
}

}  // namespace athanor::text

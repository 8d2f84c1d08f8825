// Digits: numbers (\p{N}) apart from the rest, each by itself or in runs.

#include "athanor/core/text/tokenizers/pre_tokenizers/split_parts.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

class Digits final : public PreTokenizer {
 public:
  explicit Digits(bool individual) : individual_(individual) {}

  void split(std::string_view text, bool at_start, WordSink& words) const override {
    const CharClasses& classes = CharClasses::instance();
    auto send = [&](size_t begin, size_t end) {
      if (end > begin) words.word(text.substr(begin, end - begin), at_start && begin == 0);
    };
    size_t begin = 0;
    bool in_number = false;
    for (size_t i = 0; i < text.size();) {
      ClassedChar c = class_at(classes, text.data() + i);
      bool number = c.classes & kNumber;
      if (number != in_number || (number && individual_)) send(begin, i), begin = i;
      in_number = number;
      i += c.length;
    }
    send(begin, text.size());
  }

  LineEnd line_end() const override { return LineEnd::kNothing; }

 private:
  bool individual_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_digits(const Component& c) { return std::make_unique<Digits>(c.boolean("individual_digits")); }

}  // namespace athanor::text

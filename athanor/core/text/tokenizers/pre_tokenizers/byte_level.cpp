// ByteLevel (GPT-2): a space before the first word where wanted, GPT-2's pattern, then every byte as its printable stand-in. The
// stand-ins are written out only where another pre-tokenizer follows: the model reads bytes and its vocabulary is translated once.

#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/pre_tokenizer.h"
#include "athanor/core/text/tokenizers/scanners/scanner.h"

namespace athanor::text {

size_t scan_gpt2(std::string_view text, size_t begin);

namespace {

class ByteLevelPreTokenizer final : public PreTokenizer {
 public:
  explicit ByteLevelPreTokenizer(const Component& c)
      : prefix_space_(c.boolean("add_prefix_space")), use_regex_(c.boolean("use_regex", true)) {
    c.boolean("trim_offsets");
  }

  void split(std::string_view text, bool at_start, WordSink& words) const override {
    std::string spaced;
    if (prefix_space_ && text[0] != ' ') text = (spaced = " ").append(text);
    if (!use_regex_) return send(text, at_start, words);
    for (size_t begin = 0; begin < text.size();) {
      size_t end = scan_gpt2(text, begin);
      send(text.substr(begin, end - begin), at_start && begin == 0, words);
      begin = end;
    }
  }

  LineEnd line_end() const override {
    if (prefix_space_) return LineEnd::kOther;
    return use_regex_ ? LineEnd::kBorder : LineEnd::kNothing;
  }
  bool byte_level() const override { return !spells_out_; }
  void spell_out() override { spells_out_ = true; }

 private:
  void send(std::string_view word, bool at_start, WordSink& words) const {
    spells_out_ ? words.word(to_byte_chars(word), at_start) : words.word(word, at_start);
  }

  bool prefix_space_, use_regex_, spells_out_ = false;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_byte_level_split(const Component& c) { return std::make_unique<ByteLevelPreTokenizer>(c); }

}  // namespace athanor::text

// UnicodeScripts (SentencePiece's split_by_unicode_script): a word ends where the script changes. Hiragana and Katakana count as
// Han; a space, and a character that no script claims, go on with the word before them; where there is none they are lost, as in
// the `tokenizers` library.

#include <algorithm>
#include <iterator>

#include "athanor/core/text/tokenizers/pre_tokenizer.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

constexpr uint32_t kScriptRanges[] = {
#include "athanor/core/text/tokenizers/pre_tokenizers/unicode_scripts.inc"
};

/// 0: any script.
uint32_t script_of(uint32_t code) {
  auto after = std::upper_bound(std::begin(kScriptRanges), std::end(kScriptRanges), code << 8 | 0xff);
  return *(after - 1) & 0xff;
}

class UnicodeScripts final : public PreTokenizer {
 public:
  void split(std::string_view text, bool at_start, WordSink& words) const override {
    size_t begin = 0;
    uint32_t last = 0;  // 0 before the first script
    for (size_t i = 0; i < text.size();) {
      Char c = char_at(text.data() + i);
      uint32_t script = script_of(c.code);
      if (script != 0 && script != last) {
        if (last != 0) words.word(text.substr(begin, i - begin), at_start && begin == 0);
        begin = i, last = script;
      }
      i += c.length;
    }
    if (last != 0) words.word(text.substr(begin), at_start && begin == 0);
  }
};

}  // namespace

std::unique_ptr<PreTokenizer> make_unicode_scripts(const Component&) { return std::make_unique<UnicodeScripts>(); }

}  // namespace athanor::text

// BertNormalizer (Devlin et al. 2018): control characters out and white space to spaces, spaces around ideographs, accents off
// (NFD without Mn), lower case. The four are options.

#include <nlohmann/json.hpp>

#include "athanor/core/text/tokenizers/char_marks.h"
#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/unicode_forms.h"

namespace athanor::text {

namespace {

class BertNormalizer final : public Normalizer {
 public:
  explicit BertNormalizer(const Component& c)
      : clean_(c.boolean("clean_text")),
        ideographs_(c.boolean("handle_chinese_chars")),
        lowercase_(c.boolean("lowercase")),
        strip_accents_(c.boolean("strip_accents", lowercase_)) {}

  std::string normalize(std::string text) const override {
    std::string out;
    out.reserve(text.size() + text.size() / 8 + 8);
    std::string run;  // characters that may have accents to lose
    for (size_t i = 0; i < text.size();) {
      Char c = char_at(text.data() + i);
      if (c.code < 0x80) {
        put_ascii(static_cast<char>(c.code), run, out);
      } else {
        put(std::string_view(text).substr(i, c.length), c.code, run, out);
      }
      i += c.length;
    }
    end_run(run, out);
    return out;
  }
  bool keeps_lines_apart() const override { return true; }

 private:
  void put_ascii(char c, std::string& run, std::string& out) const {
    if (clean_) {
      if (c == '\t' || c == '\n' || c == '\r') c = ' ';
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return;
    }
    end_run(run, out);
    out += lowercase_ && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }

  void put(std::string_view character, uint32_t code, std::string& run, std::string& out) const {
    if (ideographs_ && is_bert_ideograph(code)) {
      end_run(run, out);
      out += ' ';
      // compatibility ideographs decompose
      if (strip_accents_ && code >= 0xf900) {
        run += character;
        end_run(run, out);
      } else {
        out += character;
      }
      out += ' ';
      return;
    }
    if (clean_) {
      uint8_t marks = char_marks(code);
      if (code == 0xfffd || (marks & kControl)) return;
      if (marks & kWhiteSpace) {
        end_run(run, out);
        out += ' ';
        return;
      }
    }
    run += character;
  }

  void end_run(std::string& run, std::string& out) const {
    if (run.empty()) return;
    if (strip_accents_) run = without_accents(run);
    if (lowercase_) {
      append_lowercase(run, out);
    } else {
      out += run;
    }
    run.clear();
  }

  static std::string without_accents(const std::string& run) {
    std::string decomposed = unicode_form(run, UnicodeForm::kNfd), out;
    for (size_t i = 0; i < decomposed.size();) {
      Char c = char_at(decomposed.data() + i);
      if (!(char_marks(c.code) & kNonspacingMark)) out.append(decomposed, i, c.length);
      i += c.length;
    }
    return out;
  }

  bool clean_, ideographs_, lowercase_, strip_accents_;
};

}  // namespace

std::unique_ptr<Normalizer> make_bert_normalizer(const Component& c) { return std::make_unique<BertNormalizer>(c); }

}  // namespace athanor::text

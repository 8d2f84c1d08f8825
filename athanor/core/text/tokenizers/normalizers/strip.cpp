// Strip: white space off the ends. StripAccents: all combining marks out.

#include "athanor/core/text/tokenizers/char_marks.h"
#include "athanor/core/text/tokenizers/normalizer.h"

namespace athanor::text {

namespace {

class StripNormalizer final : public Normalizer {
 public:
  explicit StripNormalizer(const Component& c) : left_(c.boolean("strip_left")), right_(c.boolean("strip_right")) {}

  std::string normalize(std::string text) const override {
    auto is_space = [&](size_t at) { return (char_marks(char_at(text.data() + at).code) & kWhiteSpace) != 0; };
    size_t begin = 0, end = text.size();
    while (left_ && begin < end && is_space(begin)) begin += char_at(text.data() + begin).length;
    while (right_ && end > begin) {
      size_t last = last_char(std::string_view(text).substr(0, end));
      if (!is_space(last)) break;
      end = last;
    }
    return text.substr(begin, end - begin);
  }

 private:
  bool left_, right_;
};

class StripAccents final : public Normalizer {
 public:
  std::string normalize(std::string text) const override {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size();) {
      Char c = char_at(text.data() + i);
      if (c.code < 0x80 || !(char_marks(c.code) & kCombiningMark)) out.append(text, i, c.length);
      i += c.length;
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Normalizer> make_strip_normalizer(const Component& c) { return std::make_unique<StripNormalizer>(c); }
std::unique_ptr<Normalizer> make_strip_accents(const Component&) { return std::make_unique<StripAccents>(); }

}  // namespace athanor::text

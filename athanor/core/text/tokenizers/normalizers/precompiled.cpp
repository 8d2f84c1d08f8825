// Precompiled: SentencePiece's map of characters (charsmap.h) as the `tokenizers` library applies it. A grapheme cluster of less
// than 6 bytes is rewritten as a whole by the shortest rule that it begins with; else each of its characters is, by itself.
// (SentencePiece itself takes the longest rule at every place and knows no clusters: sentencepiece_normalizer.cpp.)

#include <utf8proc.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/base64.h"
#include "athanor/core/text/tokenizers/charsmap.h"
#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

/// The end of the grapheme cluster (Unicode Annex #29) that begins at `begin`.
size_t cluster_end(std::string_view text, size_t begin) {
  Char c = char_at(text.data() + begin);
  size_t end = begin + c.length;
  utf8proc_int32_t state = 0;
  while (end < text.size()) {
    Char next = char_at(text.data() + end);
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(c.code), static_cast<utf8proc_int32_t>(next.code), &state))
      break;
    end += next.length;
    c = next;
  }
  return end;
}

class Precompiled final : public Normalizer {
 public:
  explicit Precompiled(const Component& c) {
    auto bytes = base::base64_decode(c.text("precompiled_charsmap"));
    if (!bytes) c.fail("\"precompiled_charsmap\" is not base64");
    auto map = Charsmap::parse(*bytes);
    if (!map) c.fail("\"precompiled_charsmap\" is not a map of characters");
    map_ = std::move(*map);
  }

  std::string normalize(std::string text) const override {
    std::string out;
    out.reserve(text.size() + 8);
    std::string_view view = text;
    for (size_t i = 0; i < text.size();) {
      auto byte = static_cast<unsigned char>(text[i]);
      bool next_is_ascii = i + 1 < text.size() && static_cast<signed char>(text[i + 1]) >= 0;
      if (byte < 0x80 && byte != '\r' && next_is_ascii) {  // a cluster by itself
        rewrite(view.substr(i, 1), out);
        ++i;
        continue;
      }
      size_t end = cluster_end(view, i);
      std::string_view cluster = view.substr(i, end - i);
      if (cluster.size() >= 6 || !rewritten(cluster, out))
        for (size_t k = 0; k < cluster.size();) {
          size_t length = char_at(cluster.data() + k).length;
          rewrite(cluster.substr(k, length), out);
          k += length;
        }
      check_growth(text.size(), out.size());
      i = end;
    }
    return out;
  }

 private:
  bool rewritten(std::string_view part, std::string& out) const {
    auto match = map_.shortest(part);
    if (match) out += match->text;
    return match.has_value();
  }
  void rewrite(std::string_view part, std::string& out) const {
    if (!rewritten(part, out)) out += part;
  }

  Charsmap map_;
};

}  // namespace

std::unique_ptr<Normalizer> make_precompiled(const Component& c) { return std::make_unique<Precompiled>(c); }

}  // namespace athanor::text

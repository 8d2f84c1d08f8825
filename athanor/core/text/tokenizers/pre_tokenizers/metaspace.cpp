// Metaspace (SentencePiece): spaces become a visible mark, one may be put before the text, and words begin at the marks.

#include "athanor/core/text/tokenizers/pre_tokenizer.h"

namespace athanor::text {

namespace {

enum class PrependScheme { kFirst, kNever, kAlways };

class MetaspacePreTokenizer final : public PreTokenizer {
 public:
  explicit MetaspacePreTokenizer(const Component& c) : mark_(c.character("replacement")), split_(c.boolean("split", true)) {
    std::string scheme = c.optional_text("prepend_scheme").value_or("always");
    if (scheme != "first" && scheme != "never" && scheme != "always")
      c.fail("\"prepend_scheme\" is wrong", "\"" + scheme.substr(0, 60) + "\"", "first, never or always");
    if (!c.boolean("add_prefix_space", true) && scheme != "never")
      c.fail("\"add_prefix_space\" is false while \"prepend_scheme\" is not never");
    scheme_ = scheme == "first" ? PrependScheme::kFirst : scheme == "never" ? PrependScheme::kNever : PrependScheme::kAlways;
  }

  void split(std::string_view text, bool at_start, WordSink& words) const override {
    std::string marked;
    bool wanted = scheme_ == PrependScheme::kAlways || (scheme_ == PrependScheme::kFirst && at_start);
    if (wanted && text[0] != ' ' && !text.starts_with(mark_)) marked = mark_;
    for (char c : text) {
      if (c == ' ') {
        marked += mark_;
      } else {
        marked += c;
      }
    }
    std::string_view rest = marked;
    // a mark begins a word; what stands before the first mark is a word too
    for (; split_; at_start = false) {
      size_t next = rest.find(mark_, rest.starts_with(mark_) ? mark_.size() : 0);
      if (next == std::string_view::npos) break;
      words.word(rest.substr(0, next), at_start);
      rest.remove_prefix(next);
    }
    words.word(rest, at_start);
  }

 private:
  std::string mark_;
  bool split_;
  PrependScheme scheme_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_metaspace_split(const Component& c) { return std::make_unique<MetaspacePreTokenizer>(c); }

}  // namespace athanor::text

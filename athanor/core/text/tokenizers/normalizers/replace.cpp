// Replace: every match of a text or of a regular expression by a fixed text.

#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/regex.h"

namespace athanor::text {

namespace {

class ReplaceText final : public Normalizer {
 public:
  ReplaceText(std::string what, std::string content) : what_(std::move(what)), content_(std::move(content)) {}

  std::string normalize(std::string text) const override {
    size_t at = text.find(what_);
    if (at == std::string::npos) return text;
    std::string out;
    out.reserve(text.size() + text.size() / 2);
    size_t done = 0;
    for (; at != std::string::npos; at = text.find(what_, done)) {
      out.append(text, done, at - done).append(content_);
      done = at + what_.size();
      check_growth(text.size(), out.size());
    }
    return out.append(text, done);
  }

 private:
  std::string what_, content_;
};

class ReplaceRegex final : public Normalizer {
 public:
  ReplaceRegex(Regex regex, std::string content) : regex_(std::move(regex)), content_(std::move(content)) {}

  std::string normalize(std::string text) const override {
    std::string out;
    if (text.empty()) return out;
    regex_.parts(text, [&](size_t begin, size_t end, bool is_match) {
      if (is_match) {
        out += content_;
        check_growth(text.size(), out.size());
      } else {
        out.append(text, begin, end - begin);
      }
    });
    return out;
  }

 private:
  Regex regex_;
  std::string content_;
};

}  // namespace

std::unique_ptr<Normalizer> make_replace(const Component& c) {
  auto plain = c.plain_pattern("pattern");
  if (plain && !plain->empty()) return std::make_unique<ReplaceText>(*plain, c.short_text("content"));
  return std::make_unique<ReplaceRegex>(Regex(c.pattern("pattern"), c.place() + ".pattern"), c.short_text("content"));
}

}  // namespace athanor::text

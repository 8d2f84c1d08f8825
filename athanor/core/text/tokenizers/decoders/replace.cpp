// Replace: a text, or what a pattern matches, in each token by another text ("▁" by a space).

#include "athanor/core/text/tokenizers/decoder.h"
#include "athanor/core/text/tokenizers/regex.h"

namespace athanor::text {

namespace {

class Replace final : public Decoder {
 public:
  explicit Replace(const Component& c)
      : regex_(c.pattern("pattern"), c.place() + ".pattern"),
        content_(c.short_text("content")),
        plain_(c.plain_pattern("pattern")) {
    if (plain_ && plain_->empty()) c.fail("an empty pattern");
  }

  std::unique_ptr<DecodeStep> begin() const override;
  std::string token_bytes(std::string token) const override { return replaced(token); }

  std::string replaced(std::string_view token) const {
    std::string out;
    if (!plain_) {
      if (token.empty()) return out;
      regex_.parts(token, [&](size_t begin, size_t end, bool is_match) {
        is_match ? out += content_ : out.append(token.substr(begin, end - begin));
      });
      return out;
    }
    size_t at;
    while ((at = token.find(*plain_)) != std::string_view::npos) {
      out.append(token.substr(0, at)).append(content_);
      token.remove_prefix(at + plain_->size());
    }
    return out.append(token);
  }

 private:
  Regex regex_;
  std::string content_;
  std::optional<std::string> plain_;
};

class ReplaceStep final : public DecodeStep {
 public:
  explicit ReplaceStep(const Replace& replace) : replace_(replace) {}
  void token(std::string_view text, bool begins, TokenSink& out) override { out.token(replace_.replaced(text), begins); }
  void finish(TokenSink&) override {}

 private:
  const Replace& replace_;
};

std::unique_ptr<DecodeStep> Replace::begin() const { return std::make_unique<ReplaceStep>(*this); }

}  // namespace

std::unique_ptr<Decoder> make_replace_decoder(const Component& c) { return std::make_unique<Replace>(c); }

}  // namespace athanor::text

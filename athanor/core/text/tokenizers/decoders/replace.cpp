// Replace: a text in each token by another one ("▁" by a space).

#include "athanor/core/text/tokenizers/decoder.h"

namespace athanor::text {

namespace {

class Replace final : public Decoder {
 public:
  explicit Replace(const Component& c) : content_(c.short_text("content")) {
    auto plain = c.plain_pattern("pattern");
    if (!plain) c.fail("a regular expression in a decoder's Replace is not supported");
    if (plain->empty()) c.fail("an empty pattern");
    what_ = *plain;
  }

  std::unique_ptr<DecodeStep> begin() const override;
  std::string token_bytes(std::string token) const override { return replaced(token); }

  std::string replaced(std::string_view token) const {
    std::string out;
    size_t at;
    while ((at = token.find(what_)) != std::string_view::npos) {
      out.append(token.substr(0, at)).append(content_);
      token.remove_prefix(at + what_.size());
    }
    return out.append(token);
  }

 private:
  std::string what_, content_;
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

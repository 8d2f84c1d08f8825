// BPEDecoder: the mark at the end of a word ("</w>") is a space, but nothing at the end of the text; so a token waits for the next.

#include <optional>

#include "athanor/core/text/tokenizers/decoder.h"

namespace athanor::text {

namespace {

class BpeStep final : public DecodeStep {
 public:
  explicit BpeStep(std::string_view suffix) : suffix_(suffix) {}
  void token(std::string_view text, bool, TokenSink& out) override {
    send(" ", out);
    waiting_ = text;
  }
  void finish(TokenSink& out) override {
    send("", out);
    waiting_.reset();
  }

 private:
  void send(std::string_view space, TokenSink& out) {
    if (!waiting_) return;
    std::string text;
    std::string_view rest = *waiting_;
    size_t at;
    while (!suffix_.empty() && (at = rest.find(suffix_)) != std::string_view::npos) {
      text.append(rest.substr(0, at)).append(space);
      rest.remove_prefix(at + suffix_.size());
    }
    out.token(text.append(rest), true);
  }

  std::string_view suffix_;
  std::optional<std::string> waiting_;
};

class BpeDecoder final : public Decoder {
 public:
  explicit BpeDecoder(std::string suffix) : suffix_(std::move(suffix)) {}
  std::unique_ptr<DecodeStep> begin() const override { return std::make_unique<BpeStep>(suffix_); }
  std::string token_bytes(std::string token) const override {
    if (!suffix_.empty() && token.ends_with(suffix_)) token.replace(token.size() - suffix_.size(), suffix_.size(), " ");
    return token;
  }

 private:
  std::string suffix_;
};

}  // namespace

std::unique_ptr<Decoder> make_bpe_decoder(const Component& c) {
  std::string suffix = c.short_text("suffix");
  if (suffix.empty()) c.fail("\"suffix\" is empty");
  return std::make_unique<BpeDecoder>(std::move(suffix));
}

}  // namespace athanor::text

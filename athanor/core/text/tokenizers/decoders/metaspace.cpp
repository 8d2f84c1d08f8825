// Metaspace: the marks of SentencePiece back to spaces; those of the first token are the one that was put before the text.

#include "athanor/core/text/tokenizers/decoder.h"

namespace athanor::text {

namespace {

std::string spaced(std::string_view text, std::string_view mark, std::string_view space) {
  std::string out;
  for (size_t at; (at = text.find(mark)) != std::string_view::npos; text.remove_prefix(at + mark.size()))
    out.append(text.substr(0, at)).append(space);
  return out.append(text);
}

class MetaspaceStep final : public DecodeStep {
 public:
  MetaspaceStep(std::string_view mark, bool drops_first) : mark_(mark), first_(drops_first) {}

  void token(std::string_view text, bool begins, TokenSink& out) override {
    out.token(spaced(text, mark_, first_ ? std::string_view() : " "), begins);
    first_ = false;
  }
  void finish(TokenSink&) override {}

 private:
  std::string_view mark_;
  bool first_;
};

class MetaspaceDecoder final : public Decoder {
 public:
  explicit MetaspaceDecoder(const Component& c)
      : mark_(c.character("replacement")),
        drops_first_(c.optional_text("prepend_scheme").value_or("always") != "never" && c.boolean("add_prefix_space", true)) {}
  std::unique_ptr<DecodeStep> begin() const override { return std::make_unique<MetaspaceStep>(mark_, drops_first_); }
  std::string token_bytes(std::string token) const override { return spaced(token, mark_, " "); }

 private:
  std::string mark_;
  bool drops_first_;
};

}  // namespace

std::unique_ptr<Decoder> make_metaspace_decoder(const Component& c) { return std::make_unique<MetaspaceDecoder>(c); }

}  // namespace athanor::text

// Fuse: all tokens become one, so that what follows (Strip) looks at the ends of the text and not at each token.

#include "athanor/core/text/tokenizers/decoder.h"

namespace athanor::text {

namespace {

class FuseStep final : public DecodeStep {
 public:
  void token(std::string_view text, bool, TokenSink& out) override {
    out.token(text, begins_);
    begins_ = false;
  }
  void finish(TokenSink&) override {}

 private:
  bool begins_ = true;
};

class Fuse final : public Decoder {
 public:
  std::unique_ptr<DecodeStep> begin() const override { return std::make_unique<FuseStep>(); }
  bool joins() const override { return true; }
  bool takes_pieces() const override { return true; }
};

}  // namespace

std::unique_ptr<Decoder> make_fuse(const Component&) { return std::make_unique<Fuse>(); }

}  // namespace athanor::text

// Sequence: decoders one after the other.

#include "athanor/core/text/tokenizers/decoder.h"

namespace athanor::text {

namespace {

class SequenceStep final : public DecodeStep {
 public:
  explicit SequenceStep(const std::vector<std::unique_ptr<Decoder>>& parts) {
    for (const auto& part : parts) steps_.push_back(part->begin());
  }

  void token(std::string_view text, bool begins, TokenSink& out) override { feed(0, text, begins, out); }

  void finish(TokenSink& out) override {
    for (size_t i = 0; i < steps_.size(); ++i) {
      Rest rest(*this, i + 1, out);
      steps_[i]->finish(rest);
    }
  }

 private:
  struct Rest final : TokenSink {
    Rest(SequenceStep& sequence, size_t next, TokenSink& out) : sequence(sequence), next(next), out(out) {}
    void token(std::string_view text, bool begins) override { sequence.feed(next, text, begins, out); }
    SequenceStep& sequence;
    size_t next;
    TokenSink& out;
  };

  void feed(size_t i, std::string_view text, bool begins, TokenSink& out) {
    if (i == steps_.size()) return out.token(text, begins);
    Rest rest(*this, i + 1, out);
    steps_[i]->token(text, begins, rest);
  }

  std::vector<std::unique_ptr<DecodeStep>> steps_;
};

class DecoderSequence final : public Decoder {
 public:
  explicit DecoderSequence(const Component& c) {
    for (const Component& part : c.list("decoders")) {
      parts_.push_back(make_decoder(part));
      if (joins_ && !parts_.back()->takes_pieces()) part.fail("this decoder after one that joins the tokens is not supported");
      joins_ = joins_ || parts_.back()->joins();
    }
  }

  std::unique_ptr<DecodeStep> begin() const override { return std::make_unique<SequenceStep>(parts_); }
  std::string token_bytes(std::string token) const override {
    for (const auto& part : parts_) token = part->token_bytes(std::move(token));
    return token;
  }
  bool joins() const override { return joins_; }
  bool takes_pieces() const override { return parts_.empty() || parts_[0]->takes_pieces(); }

 private:
  std::vector<std::unique_ptr<Decoder>> parts_;
  bool joins_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder_sequence(const Component& c) { return std::make_unique<DecoderSequence>(c); }

}  // namespace athanor::text

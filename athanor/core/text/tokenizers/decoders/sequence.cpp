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

/// Puts the pieces of a joined token together, for a decoder that must see it whole; so a stream gives its text at the end.
class WholeStep final : public DecodeStep {
 public:
  void token(std::string_view text, bool, TokenSink&) override {
    held_ += text;
    any_ = true;
  }
  void finish(TokenSink& out) override {
    if (any_) out.token(held_, true);
  }

 private:
  std::string held_;
  bool any_ = false;
};

class Whole final : public Decoder {
 public:
  std::unique_ptr<DecodeStep> begin() const override { return std::make_unique<WholeStep>(); }
};

class DecoderSequence final : public Decoder {
 public:
  explicit DecoderSequence(const Component& c) {
    for (const Component& part : c.list("decoders")) {
      std::unique_ptr<Decoder> decoder = make_decoder(part);
      if (joins_ && !decoder->takes_pieces()) {
        parts_.push_back(std::make_unique<Whole>());
        joins_ = false;
      }
      joins_ = joins_ || decoder->joins();
      parts_.push_back(std::move(decoder));
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

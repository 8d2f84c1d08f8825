// ByteLevel: stand-ins back to bytes, all tokens joined, ill-formed UTF-8 as U+FFFD. A token with any other character in it is
// taken as it is.

#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/decoder.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

std::string bytes_of(std::string token) {
  auto bytes = from_byte_chars(token);
  return bytes ? std::move(*bytes) : std::move(token);
}

class ByteLevelStep final : public DecodeStep {
 public:
  void token(std::string_view text, bool, TokenSink& out) override {
    held_ += bytes_of(std::string(text));
    size_t whole = 0;
    bool valid = true;
    while (whole < held_.size()) {
      int length = utf8_sequence(std::string_view(held_).substr(whole));
      if (length == 0) break;
      valid = valid && length > 0;
      whole += static_cast<size_t>(length < 0 ? -length : length);
    }
    if (whole == 0) return;
    std::string_view certain = std::string_view(held_).substr(0, whole);
    send(valid ? certain : std::string_view(repair_utf8(certain)), out);
    held_.erase(0, whole);
  }

  void finish(TokenSink& out) override {
    if (!held_.empty()) send(repair_utf8(held_), out);
    held_.clear();
  }

 private:
  void send(std::string_view text, TokenSink& out) {
    out.token(text, begins_);
    begins_ = false;
  }

  std::string held_;  // the bytes of an unfinished character
  bool begins_ = true;
};

class ByteLevelDecoder final : public Decoder {
 public:
  std::unique_ptr<DecodeStep> begin() const override { return std::make_unique<ByteLevelStep>(); }
  std::string token_bytes(std::string token) const override { return bytes_of(std::move(token)); }
  bool joins() const override { return true; }
};

}  // namespace

std::unique_ptr<Decoder> make_byte_level_decoder(const Component&) { return std::make_unique<ByteLevelDecoder>(); }

}  // namespace athanor::text

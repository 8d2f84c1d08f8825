// ByteFallback (SentencePiece): a run of tokens "<0x0A>" is the text of those bytes. Where they are not UTF-8, the whole run
// becomes one U+FFFD for each byte; so nothing of a run is certain before it ends.

#include <charconv>
#include <optional>

#include "athanor/core/text/tokenizers/decoder.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

std::optional<char> byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  unsigned byte = 0;
  const char* first = token.data() + 3;
  if (token[3] == '+') ++first;  // the reference's number reader takes a sign
  auto [end, error] = std::from_chars(first, token.data() + 5, byte, 16);
  if (error != std::errc() || end != token.data() + 5) return std::nullopt;
  return static_cast<char>(byte);
}

class ByteFallbackStep final : public DecodeStep {
 public:
  void token(std::string_view text, bool begins, TokenSink& out) override {
    if (auto byte = byte_of(text)) {
      run_ += *byte;
      return;
    }
    finish(out);
    out.token(text, begins);
  }

  void finish(TokenSink& out) override {
    if (run_.empty()) return;
    if (is_utf8(run_)) {
      out.token(run_, true);
    } else {
      for (size_t i = 0; i < run_.size(); ++i) out.token(kReplacementCharacter, true);
    }
    run_.clear();
  }

 private:
  std::string run_;
};

class ByteFallback final : public Decoder {
 public:
  std::unique_ptr<DecodeStep> begin() const override { return std::make_unique<ByteFallbackStep>(); }
  std::string token_bytes(std::string token) const override {
    auto byte = byte_of(token);
    return byte ? std::string(1, *byte) : token;
  }
};

}  // namespace

std::unique_ptr<Decoder> make_byte_fallback(const Component&) { return std::make_unique<ByteFallback>(); }

}  // namespace athanor::text

// Marks become spaces, but not those before the first piece; runs of byte pieces become their characters, and U+FFFD for each byte
// that is part of none.

#include "athanor/core/text/tokenizers/sentencepiece_decoder.h"

#include <unordered_map>

#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

constexpr std::string_view kPieceMark = "▁";

std::string with_spaces(std::string_view piece) {
  std::string out;
  for (size_t at; (at = piece.find(kPieceMark)) != std::string_view::npos; piece.remove_prefix(at + kPieceMark.size()))
    out.append(piece.substr(0, at)).append(" ");
  return out.append(piece);
}

class SentencePieceDecoder final : public Decoder {
 public:
  explicit SentencePieceDecoder(SentencePieceDecoderOptions options) : options_(std::move(options)) {
    for (int byte = 0; options_.byte_fallback && byte < 256; ++byte)
      bytes_.emplace(byte_piece(static_cast<unsigned char>(byte)), static_cast<char>(byte));
  }
  std::unique_ptr<DecodeStep> begin() const override;
  std::string token_bytes(std::string token) const override {
    if (auto byte = bytes_.find(token); byte != bytes_.end()) return {byte->second};
    return token == options_.unknown_piece ? options_.unknown_text : with_spaces(token);
  }

 private:
  friend class SentencePieceStep;
  SentencePieceDecoderOptions options_;
  std::unordered_map<std::string, char> bytes_;
};

class SentencePieceStep final : public DecodeStep {
 public:
  explicit SentencePieceStep(const SentencePieceDecoder& decoder) : decoder_(decoder) {}

  void token(std::string_view piece, bool, TokenSink& out) override {
    if (auto byte = decoder_.bytes_.find(std::string(piece)); byte != decoder_.bytes_.end()) {
      held_ += byte->second;
      return send_bytes(false, out);
    }
    send_bytes(true, out);
    if (dropped_mark_ || any_text_) first_ = false;
    dropped_mark_ = false;
    const SentencePieceDecoderOptions& options = decoder_.options_;
    if (piece == options.unknown_piece) return send(options.unknown_text, out);
    if (first_ && (options.drops_first_mark || options.drops_first_marks) && piece.starts_with(kPieceMark)) {
      piece.remove_prefix(kPieceMark.size());
      dropped_mark_ = !options.drops_first_marks;
    }
    send(with_spaces(piece), out);
  }

  void finish(TokenSink& out) override { send_bytes(true, out); }

 private:
  void send(std::string_view text, TokenSink& out) {
    any_text_ = any_text_ || !text.empty();
    if (!text.empty()) out.token(text, true);
  }

  /// The characters of the held bytes; one that is unfinished stays held unless the run is over.
  void send_bytes(bool over, TokenSink& out) {
    std::string text;
    size_t done = 0;
    while (done < held_.size()) {
      int length = utf8_sequence(std::string_view(held_).substr(done));
      if (length == 0 && !over) break;
      text += length > 0 ? std::string_view(held_).substr(done, static_cast<size_t>(length)) : kReplacementCharacter;
      done += length > 0 ? static_cast<size_t>(length) : 1;
    }
    held_.erase(0, done);
    send(text, out);
  }

  const SentencePieceDecoder& decoder_;
  std::string held_;
  bool first_ = true, dropped_mark_ = false, any_text_ = false;
};

std::unique_ptr<DecodeStep> SentencePieceDecoder::begin() const { return std::make_unique<SentencePieceStep>(*this); }

}  // namespace

std::unique_ptr<Decoder> make_sentencepiece_decoder(SentencePieceDecoderOptions options) {
  return std::make_unique<SentencePieceDecoder>(std::move(options));
}

}  // namespace athanor::text

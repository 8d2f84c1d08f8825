// WordPiece: a space before each token that does not continue a word; with "cleanup", English contractions and the spaces before
// punctuation are mended. CTC (Graves et al. 2006): equal neighbours are one, padding goes, a delimiter is a space.

#include "athanor/core/text/tokenizers/decoder.h"

namespace athanor::text {

namespace {

std::string replaced(std::string_view text, std::string_view what, std::string_view content) {
  std::string out;
  size_t at;
  while (!what.empty() && (at = text.find(what)) != std::string_view::npos) {
    out.append(text.substr(0, at)).append(content);
    text.remove_prefix(at + what.size());
  }
  return out.append(text);
}

std::string cleaned(std::string text) {
  static constexpr std::string_view kRules[][2] = {{" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
                                                   {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
                                                   {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [what, content] : kRules)
    if (text.find(what) != std::string::npos) text = replaced(text, what, content);
  return text;
}

class WordPieceDecoder final : public Decoder {
 public:
  explicit WordPieceDecoder(const Component& c) : prefix_(c.short_text("prefix")), cleanup_(c.boolean("cleanup")) {}
  std::unique_ptr<DecodeStep> begin() const override;
  std::string token_bytes(std::string token) const override { return text_of(token, false); }

  std::string text_of(std::string_view token, bool first) const {
    std::string text;
    if (first) {
      text = token;
    } else if (token.starts_with(prefix_)) {
      text = token.substr(prefix_.size());
    } else {
      text = " " + std::string(token);
    }
    return cleanup_ ? cleaned(std::move(text)) : text;
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

class WordPieceStep final : public DecodeStep {
 public:
  explicit WordPieceStep(const WordPieceDecoder& decoder) : decoder_(decoder) {}
  void token(std::string_view text, bool, TokenSink& out) override {
    out.token(decoder_.text_of(text, first_), true);
    first_ = false;
  }
  void finish(TokenSink&) override {}

 private:
  const WordPieceDecoder& decoder_;
  bool first_ = true;
};

std::unique_ptr<DecodeStep> WordPieceDecoder::begin() const { return std::make_unique<WordPieceStep>(*this); }

class Ctc final : public Decoder {
 public:
  explicit Ctc(const Component& c)
      : pad_(c.short_text("pad_token")), delimiter_(c.short_text("word_delimiter_token")), cleanup_(c.boolean("cleanup")) {}
  std::unique_ptr<DecodeStep> begin() const override;
  std::string token_bytes(std::string token) const override { return text_of(token); }

  std::string text_of(std::string_view token) const {
    std::string text = replaced(token, pad_, "");
    return cleanup_ ? replaced(cleaned(std::move(text)), delimiter_, " ") : text;
  }

 private:
  std::string pad_, delimiter_;
  bool cleanup_;
};

class CtcStep final : public DecodeStep {
 public:
  explicit CtcStep(const Ctc& decoder) : decoder_(decoder) {}
  void token(std::string_view text, bool, TokenSink& out) override {
    if (!first_ && text == last_) return;
    first_ = false, last_ = text;
    std::string decoded = decoder_.text_of(text);
    if (!decoded.empty()) out.token(decoded, true);
  }
  void finish(TokenSink&) override {}

 private:
  const Ctc& decoder_;
  bool first_ = true;
  std::string last_;
};

std::unique_ptr<DecodeStep> Ctc::begin() const { return std::make_unique<CtcStep>(*this); }

}  // namespace

std::unique_ptr<Decoder> make_word_piece_decoder(const Component& c) { return std::make_unique<WordPieceDecoder>(c); }
std::unique_ptr<Decoder> make_ctc(const Component& c) { return std::make_unique<Ctc>(c); }

}  // namespace athanor::text

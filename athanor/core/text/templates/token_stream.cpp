#include "athanor/core/text/templates/token_stream.h"

namespace athanor::text::templates {

Token TokenStream::next() {
  const Token& token = tokens_[at_];
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

void TokenStream::unexpected(const std::string& wanted) const {
  if (is(TokenKind::kEnd)) fail("unexpected end of template, expected '" + wanted + "'");
  fail("expected token '" + wanted + "', got '" + describe(current()) + "'");
}

Token TokenStream::expect(TokenKind kind) {
  if (!is(kind)) unexpected(kind == TokenKind::kName ? "name" : describe({kind, "", 0}));
  return next();
}

void TokenStream::expect_name(std::string_view text) {
  if (!skip_name(text)) unexpected(std::string(text));
}

void TokenStream::expect_sign(std::string_view text) {
  if (!skip_sign(text)) unexpected(std::string(text));
}

bool TokenStream::names_since(size_t begin, std::string_view name) const {
  for (size_t i = begin; i < at_; ++i) {
    bool behind_dot = i > 0 && tokens_[i - 1].kind == TokenKind::kOperator && tokens_[i - 1].text == ".";
    if (tokens_[i].kind == TokenKind::kName && tokens_[i].text == name && !behind_dot) return true;
  }
  return false;
}

void Nest::deeper() {
  if (stream_.depth_ >= kMostNesting) stream_.fail("the template is nested too deep");
  ++levels_;
  stream_.deepest_ = std::max(stream_.deepest_, ++stream_.depth_);
}

}  // namespace athanor::text::templates

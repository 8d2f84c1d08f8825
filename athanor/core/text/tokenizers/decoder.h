#pragma once
// Tokens back to text. A decoder is a machine that is fed token by token and says what has become certain, so that a stream and a
// whole text are decoded by the same code and cannot differ.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "athanor/core/base/catalog.h"
#include "athanor/core/text/tokenizers/component.h"

namespace athanor::text {

/// Takes tokens, or pieces of one where `begins` is false.
class TokenSink {
 public:
  virtual ~TokenSink() = default;
  virtual void token(std::string_view text, bool begins) = 0;
};

/// A decoder at work on one stream of tokens.
class DecodeStep {
 public:
  virtual ~DecodeStep() = default;
  virtual void token(std::string_view text, bool begins, TokenSink& out) = 0;
  /// The stream is over: gives what was held back.
  virtual void finish(TokenSink& out) = 0;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual std::unique_ptr<DecodeStep> begin() const = 0;
  /// The bytes that a token stands for in the middle of a text.
  virtual std::string token_bytes(std::string token) const { return token; }
  /// Whether it joins all tokens into one, which then goes on in pieces.
  virtual bool joins() const { return false; }
  /// Whether it can work on pieces of a token.
  virtual bool takes_pieces() const { return false; }
};

struct DecoderRow : base::Entry {
  std::string_view type;
  std::unique_ptr<Decoder> (*make)(const Component&);
};

std::span<const DecoderRow> decoders();
std::unique_ptr<Decoder> make_decoder(const Component& component);

}  // namespace athanor::text

#pragma once
// What generation needs of a model: scores for the next token after a sequence. The engine implements it; tests use tables.

#include <cstdint>
#include <span>

#include "athanor/core/text/tokenizer.h"

namespace athanor::generate {

class ScoreSource {
 public:
  virtual ~ScoreSource() = default;
  /// Appends `ids` (at least one) to the sequence and returns the scores (logits) [V] after the last of them.
  /// The span is valid until the next call and may be changed in place. input_error where the context is full.
  virtual std::span<float> append(std::span<const text::TokenId> ids) = 0;
  virtual int64_t vocab_size() const = 0;
  /// Tokens that still fit.
  virtual int64_t room() const = 0;
};

}  // namespace athanor::generate

#pragma once
// The second stage: text is cut into words; the model never looks across their borders.

#include <memory>
#include <span>
#include <string_view>

#include "athanor/core/base/catalog.h"
#include "athanor/core/text/tokenizers/component.h"

namespace athanor::text {

/// Where a pre-tokenizer puts its words, one after the other.
class WordSink {
 public:
  virtual ~WordSink() = default;
  /// `at_start`: this piece begins where the user's text begins. The view lives only during the call.
  virtual void word(std::string_view text, bool at_start) = 0;
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  /// Cuts a non-empty piece of valid UTF-8 into non-empty words.
  virtual void split(std::string_view text, bool at_start, WordSink& words) const = 0;
  /// What a line end between two letters of ASCII is to it: always a border between words; nothing that it looks at, so that a
  /// border there changes nothing; or neither.
  enum class LineEnd { kBorder, kNothing, kOther };
  virtual LineEnd line_end() const { return LineEnd::kOther; }
  /// Whether its words are written in stand-ins for bytes (byte_alphabet.h). Here they stay plain bytes and the model knows of it.
  virtual bool byte_level() const { return false; }
  /// From now on it writes the stand-ins out, for a pre-tokenizer that comes after it; byte_level() is false then.
  virtual void spell_out() {}
};

struct PreTokenizerRow : base::Entry {
  std::string_view type;
  std::unique_ptr<PreTokenizer> (*make)(const Component&);
};

std::span<const PreTokenizerRow> pre_tokenizers();
std::unique_ptr<PreTokenizer> make_pre_tokenizer(const Component& component);

}  // namespace athanor::text

#pragma once
// How a byte-level BPE vocabulary of a GGUF file cuts text into words, by the name in tokenizer.ggml.pre.

#include <memory>
#include <string>
#include <string_view>

#include "athanor/core/base/json.h"

namespace athanor::text {

struct GgufPattern {
  std::shared_ptr<const base::Json> normalizer, pre_tokenizer;  // as in tokenizer.json; nullptr where there is none
  bool byte_level = true;                                       // the vocabulary is written in stand-ins for bytes
  bool ignore_merges = false;                                   // a word that is a token is not merged
  bool add_bos = false, add_sep = false;
};

/// file_error naming `source` where the name is not known.
GgufPattern gguf_pattern(std::string_view pre, std::string_view source);

/// The other way: the name whose way of cutting is that of a tokenizer.json's pre_tokenizer; input_error where none is.
std::string gguf_pre_of(const base::Json& pre_tokenizer);

}  // namespace athanor::text

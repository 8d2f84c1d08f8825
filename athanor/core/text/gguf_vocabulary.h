#pragma once
// The tokenizer inside a GGUF file: lists of tokens, scores, kinds and merges under keys "tokenizer.ggml.*", and the name of a way
// to cut text into words ("pre"). Source: the GGUF specification, and llama.cpp's reading of it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizers/pipeline.h"

namespace athanor::text {

/// The numbers of "tokenizer.ggml.token_type".
namespace token_type {
inline constexpr int32_t kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6;
}

/// What the keys tokenizer.ggml.* say, by their names there.
struct GgufVocabulary {
  std::string model;                 // "gpt2", "llama", "bert", "t5"
  std::string pre;                   // of gpt2: "gpt-2", "llama-bpe", "qwen2", ...; "" is "default"
  std::vector<std::string> tokens;   // by id
  std::vector<float> scores;         // of llama and t5
  std::vector<int32_t> token_types;  // token_type::k...; empty: all normal
  std::vector<std::string> merges;   // of gpt2: "a b", by rank
  std::string precompiled_charsmap;  // of t5
  std::optional<int32_t> bos, eos, unknown, padding, separator, mask;
  std::optional<bool> add_bos, add_eos, add_space_prefix, remove_extra_whitespaces;
};

/// The tokenizer, with the same ids as llama.cpp; its json() is the tokenizer.json of the same model. file_error
/// `[text.gguf_vocabulary]`, naming `source`, where the lists do not fit each other or the kind is not known.
std::unique_ptr<Pipeline> tokenizer_from_gguf(const GgufVocabulary& vocabulary, std::string_view source = "the GGUF file");

}  // namespace athanor::text

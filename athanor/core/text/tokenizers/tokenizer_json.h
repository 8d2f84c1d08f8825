#pragma once
// tokenizer.json: the file format of the `tokenizers` library (version "1.0").

#include <filesystem>
#include <memory>
#include <string_view>

#include "athanor/core/text/tokenizers/pipeline.h"

namespace athanor::text {

/// Reads a tokenizer.json. Its depth is at most 32 and its ids are unique and in [0, 16 M). Truncation and padding, which the file
/// may ask for, are not done. file_error `[text.tokenizer_json]`, naming `source` and the place, on anything malformed or not
/// supported.
std::unique_ptr<Pipeline> parse_tokenizer_json(std::string_view json, std::string_view source, const SpecialTokenNames& names = {});

/// The older pair of files: GPT-2's pipeline around them, with <|endoftext|> as a special token where the vocabulary has it.
std::unique_ptr<Pipeline> parse_vocab_and_merges(std::string_view vocab_json, std::string_view vocab_source,
                                                 std::string_view merges_txt, std::string_view merges_source,
                                                 const SpecialTokenNames& names = {});

/// A pipeline from a document without a model, the model's options ("type" and so on) and its tables; for those who make
/// tokenizers.
std::unique_ptr<Pipeline> build_pipeline(const base::Json& document, const base::Json& model_options, ModelTables tables,
                                         std::string_view source, const SpecialTokenNames& names = {});

}  // namespace athanor::text

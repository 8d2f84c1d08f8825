#pragma once
// A byte-level BPE vocabulary out of a GGUF file, for tests on real vocabularies that are too large to keep as tokenizer.json.

#include <filesystem>
#include <memory>

#include "athanor/core/text/tokenizers/pipeline.h"

namespace athanor::text {

/// Llama 3's pipeline (its pattern, ignore_merges) around the file's tokens and merges; control tokens become special tokens.
std::unique_ptr<Pipeline> llama3_of_gguf(const std::filesystem::path& file);

}  // namespace athanor::text

#pragma once
// llama2.c's tokenizer file: int32 longest piece, then per token float32 score, int32 length, bytes. A SentencePiece BPE vocabulary
// with byte fallback (byte b is id b + 3), <unk> 0, <s> 1, </s> 2. Source: llama2.c `tokenizer.py` and `run.c`.

#include <filesystem>

namespace athanor::text {

/// Reads `file` and writes tokenizer.json (the form in which Llama 2 is published: BPE with byte fallback, merges derived from the
/// scores), tokenizer_config.json and special_tokens_map.json into `folder`, made where absent.
/// file_error where the file is malformed or is not such a vocabulary.
void convert_llama2c_tokenizer(const std::filesystem::path& file, const std::filesystem::path& folder);

}  // namespace athanor::text

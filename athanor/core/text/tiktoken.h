#pragma once
// OpenAI's `*.tiktoken` files: a line per token, its bytes in base64 and its rank, which is its id. How text is cut into words and
// which special tokens there are is not in the file.

#include <memory>
#include <string_view>

#include "athanor/core/text/tokenizers/pipeline.h"

namespace athanor::text {

/// The pattern and special tokens are those of the file's name (gpt2, r50k_base, p50k_base, cl100k_base, o200k_base, or the
/// tokenizer.model of Llama 3); else cl100k's pattern and no special tokens. file_error `[text.tiktoken]` naming `source` where the
/// file is malformed.
std::unique_ptr<Pipeline> parse_tiktoken(std::string_view text, std::string_view source);

/// Whether the first line of a file is that of a tiktoken file.
bool looks_like_tiktoken(std::string_view text);

}  // namespace athanor::text

#pragma once
// The files beside a tokenizer.json that transformers looks for.

#include <filesystem>
#include <optional>
#include <string>

#include "athanor/core/text/tokenizers/pipeline.h"

namespace athanor::text {

struct TokenizerFolderOptions {
  std::optional<std::string> bos, eos, unk;
};

/// tokenizer.json, tokenizer_config.json and special_tokens_map.json, each whole or not at all; makes the folder where absent.
void write_tokenizer_files(const Pipeline& pipeline, const TokenizerFolderOptions& options, const std::filesystem::path& folder);

/// An entry of "added_tokens" for a special token.
base::Json special_token_json(TokenId id, const std::string& content);

}  // namespace athanor::text

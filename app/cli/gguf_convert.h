#pragma once
// Model folders <-> GGUF files, tokenizer, chat template and token ids included.

#include <filesystem>
#include <string>

#include "athanor/core/base/dtype.h"

namespace athanor::app {

/// A folder or a GGUF file -> a GGUF file. `type` is one of models::gguf_types(); "" keeps F32, F16 or BF16.
void write_gguf(const std::filesystem::path& from, const std::filesystem::path& to, std::string type, bool replace);

/// A GGUF file -> a folder. Without `dtype` plain types stay, and blocks become BF16.
void gguf_to_folder(const std::filesystem::path& from, const std::filesystem::path& to, std::optional<base::DType> dtype,
                    bool replace);

}  // namespace athanor::app

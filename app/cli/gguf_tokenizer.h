#pragma once
// The tokenizer's keys of a GGUF file, in and out.

#include <memory>
#include <optional>
#include <string>

#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/checkpoint/gguf_write.h"
#include "athanor/core/text/gguf_vocabulary.h"

namespace athanor::app {

/// What the keys tokenizer.ggml.* say; input_error where the file has no tokenizer.
text::GgufVocabulary vocabulary_of(const checkpoint::GgufMetadata& metadata);
/// The other way.
void write_vocabulary(const text::GgufVocabulary& vocabulary, checkpoint::GgufWriter& writer);

/// TOKENIZER or MODEL of the command line: a folder, a tokenizer.json, or a GGUF file.
std::unique_ptr<text::Tokenizer> open_tokenizer(const std::string& path);

/// The chat template of a GGUF file; "" where it has none, or `path` is no such file.
std::string gguf_chat_template(const std::string& path);

bool is_gguf(const std::string& path);

}  // namespace athanor::app

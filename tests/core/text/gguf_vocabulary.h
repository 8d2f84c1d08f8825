#pragma once
// The vocabulary of a GGUF file, read without the checkpoint room, for tests on real vocabularies.

#include <filesystem>

#include "athanor/core/text/gguf_vocabulary.h"

namespace athanor::text {

GgufVocabulary read_gguf_vocabulary(const std::filesystem::path& file);

}  // namespace athanor::text

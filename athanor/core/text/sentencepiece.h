#pragma once
// SentencePiece's model files (`*.model`): BPE, unigram, word and character models with their own normalizer.

#include <memory>
#include <string_view>

#include "athanor/core/text/tokenizers/pipeline.h"

namespace athanor::text {

/// The tokenizer in a model file, with the ids of the sentencepiece library. Control pieces ("<s>") are special tokens; they are
/// recognised in the text where EncodeOptions say so (sentencepiece itself never does), and none is added to a text, as there.
/// Its json() is the tokenizer.json that transformers' conversion makes, whose ids may differ in rare texts. file_error
/// `[text.sentencepiece]` naming `source` where the file is malformed.
std::unique_ptr<Pipeline> parse_sentencepiece_model(std::string_view bytes, std::string_view source);

}  // namespace athanor::text

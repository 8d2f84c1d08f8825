#pragma once
// A tokenizer as the lists of a GGUF file: the way back from tokenizer_from_gguf.

#include "athanor/core/text/gguf_vocabulary.h"

namespace athanor::text {

/// input_error `[text.gguf_vocabulary]` where GGUF has no words for this kind of tokenizer, or for how it cuts text.
GgufVocabulary gguf_vocabulary_of(const Tokenizer& tokenizer);

}  // namespace athanor::text

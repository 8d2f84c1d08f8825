#pragma once
// A model may have more rows of scores than its tokenizer has tokens (Qwen pads 151,665 to 151,936), and a tokenizer may have gaps.
// What stands for no text never comes.

#include <memory>

#include "athanor/run/generate/sampler.h"

namespace athanor::generate {

/// Forbids ids that the context's tokenizer does not know, but for its end ids. Null where the context has no tokenizer.
std::unique_ptr<ScoreStep> make_known_tokens(const StepContext& context);

}  // namespace athanor::generate

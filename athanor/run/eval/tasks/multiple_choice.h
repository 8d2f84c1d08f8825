#pragma once

#include "athanor/run/eval/eval.h"

namespace athanor::eval {

/// `data`: JSON Lines of {"query": TEXT, "choices": [TEXT, ...], "gold": INDEX}.
EvalResult multiple_choice(TokenScorer& scorer, const text::Tokenizer& tokenizer, std::string_view data, std::string_view source,
                           const EvalOptions& options);

/// ln p(continuation | context), as lm-evaluation-harness cuts and joins them.
double continuation_logprob(TokenScorer& scorer, const text::Tokenizer& tokenizer, std::string context, std::string continuation,
                            bool add_bos);

}  // namespace athanor::eval

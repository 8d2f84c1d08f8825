#pragma once

#include "athanor/run/eval/eval.h"

namespace athanor::eval {

EvalResult perplexity(TokenScorer& scorer, const text::Tokenizer& tokenizer, std::string_view data, std::string_view source,
                      const EvalOptions& options);

/// ln p of ids[1 ..], every one scored once, through windows as options say.
std::vector<double> windowed_logprobs(TokenScorer& scorer, std::span<const text::TokenId> ids, const EvalOptions& options);

}  // namespace athanor::eval

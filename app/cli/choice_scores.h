#pragma once
// How likely each text of a closed list is after a prompt.

#include <functional>
#include <string>
#include <vector>

#include "athanor/run/eval/eval.h"

namespace athanor::app {

struct ChoiceScore {
  std::string text;
  double logprob = 0;      // ln p(text | prompt): the sum over its tokens
  double probability = 0;  // its share among the choices
};

/// The scores of `choices`, in their order. `ids_of` gives the ids of the prompt with a text behind it; as in
/// lm-evaluation-harness, a text's tokens are those that follow the prompt's own number of tokens. input_error where prompt and
/// choice do not fit the context.
std::vector<ChoiceScore> score_choices(eval::TokenScorer& scorer, const std::vector<std::string>& choices,
                                       const std::function<std::vector<text::TokenId>(const std::string& text)>& ids_of);

}  // namespace athanor::app

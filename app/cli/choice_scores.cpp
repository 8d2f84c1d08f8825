#include "app/cli/choice_scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"

namespace athanor::app {

std::vector<ChoiceScore> score_choices(eval::TokenScorer& scorer, const std::vector<std::string>& choices,
                                       const std::function<std::vector<text::TokenId>(const std::string& text)>& ids_of) {
  const std::vector<text::TokenId> prompt = ids_of("");
  std::vector<ChoiceScore> scores;
  for (const std::string& choice : choices) {
    if (base::stop_requested()) throw base::Stopped();
    std::vector<text::TokenId> ids = prompt;
    const std::vector<text::TokenId> joined = ids_of(choice);
    ids.insert(ids.end(), joined.begin() + static_cast<std::ptrdiff_t>(std::min(prompt.size(), joined.size())), joined.end());
    if (static_cast<int64_t>(ids.size()) > scorer.context() + 1)
      base::input_error("cli.choices", {"prompt and choice are longer than the context", base::cat(ids.size(), " tokens"),
                                        base::cat("at most ", scorer.context()), "a larger --context"});
    const std::vector<double> logprobs =
        ids.size() > prompt.size() ? scorer.logprobs(ids, static_cast<int64_t>(prompt.size())) : std::vector<double>();
    scores.push_back({choice, std::accumulate(logprobs.begin(), logprobs.end(), 0.0)});
  }
  const auto less = [](const ChoiceScore& a, const ChoiceScore& b) { return a.logprob < b.logprob; };
  const double largest = std::max_element(scores.begin(), scores.end(), less)->logprob;
  double sum = 0;
  for (ChoiceScore& score : scores) sum += score.probability = std::exp(score.logprob - largest);
  for (ChoiceScore& score : scores) score.probability /= sum;
  return scores;
}

}  // namespace athanor::app

#include "athanor/run/generate/generate.h"

#include <algorithm>
#include <chrono>

#include "athanor/core/base/stop.h"
#include "athanor/run/generate/search.h"
#include "athanor/run/generate/text_out.h"

namespace athanor::generate {
namespace {

/// Picks tokens for one sequence.
class Picker {
 public:
  Picker(const GenerateOptions& options, const StepContext& context, std::span<const text::TokenId> prompt)
      : steps_(make_steps(options, context)), options_(options), prompt_(prompt) {}

  text::TokenId pick(std::span<float> scores, GenerateResult& result) {
    check_scores(scores);
    const bool wanted = options_.logprobs > 0;
    if (wanted) result.top_logprobs.push_back(best_logprobs(scores, options_.logprobs));
    if (wanted) raw_.assign(scores.begin(), scores.end());  // log-probabilities are the model's own, before any step
    for (const auto& step : steps_) step->apply(scores, {prompt_, result.ids});
    const text::TokenId id = options_.temperature == 0
                                 ? best_token(scores)
                                 : draw_token(scores, static_cast<uint64_t>(options_.seed), result.ids.size());
    if (wanted) result.logprobs.push_back(logprob_of(raw_, id));
    return id;
  }

 private:
  std::vector<std::unique_ptr<ScoreStep>> steps_;
  const GenerateOptions& options_;
  std::span<const text::TokenId> prompt_;
  std::vector<float> raw_;
};

}  // namespace

GenerateResult draw_tokens(ScoreSource& source, const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt,
                           std::span<const text::TokenId> end_ids, const GenerateOptions& options, const OnText& on_text) {
  const auto begin = std::chrono::steady_clock::now();
  GenerateResult result;
  result.prompt_tokens = static_cast<int64_t>(prompt.size());
  result.finish_reason = "length";
  Picker picker(options, {&tokenizer, end_ids}, prompt);
  TextOut out(tokenizer, prompt, options, on_text, result);
  std::span<const text::TokenId> next = prompt;
  while (static_cast<int64_t>(result.ids.size()) < options.max_new_tokens) {
    if (!result.ids.empty() && source.room() == 0) break;
    std::span<float> scores;
    try {
      scores = source.append(next);
    } catch (const base::Stopped&) {
      result.finish_reason = "cancelled";
      break;
    }
    if (result.ids.empty())
      result.first_token_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const text::TokenId id = picker.pick(scores, result);
    result.ids.push_back(id);
    const bool end = !options.ignore_eos && std::find(end_ids.begin(), end_ids.end(), id) != end_ids.end();
    const std::string reason = end ? "stop" : base::stop_requested() ? "cancelled" : out.push(id);
    if (!reason.empty()) {
      result.finish_reason = reason;
      break;
    }
    next = std::span(result.ids).last(1);
  }
  out.finish();
  return result;
}

}  // namespace athanor::generate

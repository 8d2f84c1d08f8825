#include "athanor/run/generate/search.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"
#include "athanor/run/generate/constraint.h"
#include "athanor/run/generate/known_tokens.h"
#include "athanor/run/generate/text_out.h"

namespace athanor::generate {
namespace {

/// The one search that the options ask for, or null.
const SearchRow* search_of(const GenerateOptions& options) {
  const SearchRow* asked = nullptr;
  for (const SearchRow& row : searches()) {
    if (!row.asked(options)) continue;
    if (asked)
      base::input_error("generate.search",
                        {"two ways of decoding that do not go together", base::cat(asked->name, " and ", row.name), "one of them"});
    asked = &row;
  }
  return asked;
}

void check(const GenerateOptions& options, std::span<const text::TokenId> prompt) {
  if (options.max_new_tokens < 0)
    base::input_error("generate.max_new_tokens", {"out of range", base::cat(options.max_new_tokens), "0 or more"});
  if (options.drop_repeated_sentences > 0 && options.constraint)
    base::input_error("generate.drop_repeated_sentences",
                      {"a text under a constraint must stay whole", "", "", "leave out one of the two"});
  if (prompt.empty())
    base::input_error("generate.prompt", {"the prompt has no token", "", "at least one", "begin with the bos token"});
}

}  // namespace

int64_t most_new_tokens(const GenerateOptions& options, int64_t after_prompt) {
  return std::min(options.max_new_tokens, after_prompt + 1);  // the last one needs no place: nothing follows it
}

void refuse_draws(const GenerateOptions& options, const char* search, bool uses_top_k) {
  GenerateOptions left = options;
  if (uses_top_k) left.top_k = 0;
  if (left.temperature == 0) left.temperature = 1;
  for (const SamplerRow& row : samplers())
    if (row.draws && row.make(left, {}))
      base::input_error(base::cat("generate.", search), {base::cat(search, " draws nothing, so ", row.name, " would do nothing"),
                                                         "", "", base::cat("leave out one of the two")});
  if (options.logprobs > 0)
    base::input_error(base::cat("generate.", search),
                      {base::cat(search, " keeps no log-probabilities"), base::cat("logprobs ", options.logprobs), "0"});
}

void apply_penalties(const GenerateOptions& options, const StepContext& context, std::span<float> scores, const History& history) {
  if (const auto known = make_known_tokens(context)) known->apply(scores, history);
  if (options.constraint) options.constraint->step()->apply(scores, history);
  for (const SamplerRow& row : samplers())
    if (!row.draws)
      if (const auto step = row.make(options, context)) step->apply(scores, history);
}

GenerateResult written(const SearchTask& task, const std::vector<text::TokenId>& ids) {
  GenerateResult result;
  result.prompt_tokens = static_cast<int64_t>(task.prompt.size());
  result.finish_reason = base::stop_requested() ? "cancelled" : "length";
  TextOut out(task.tokenizer, task.prompt, task.options, task.on_text, result);
  for (text::TokenId id : ids) {
    result.ids.push_back(id);
    const std::string reason = task.ends(id) ? "stop" : out.push(id);
    if (reason.empty()) continue;
    result.finish_reason = reason;
    break;
  }
  out.finish();
  return result;
}

GenerateResult generate(ScoreSource& source, const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt,
                        std::span<const text::TokenId> end_ids, const GenerateOptions& options, const OnText& on_text) {
  check(options, prompt);
  if (const SearchRow* row = search_of(options))
    base::input_error("generate.search", {"this way of decoding needs the model, not one sequence of it", row->name});
  return draw_tokens(source, tokenizer, prompt, end_ids, options, on_text);
}

GenerateResult generate(const ModelScores& model, const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt,
                        std::span<const text::TokenId> end_ids, const GenerateOptions& options, const OnText& on_text) {
  check(options, prompt);
  if (const SearchRow* row = search_of(options)) {
    try {
      return row->run({model, tokenizer, prompt, end_ids, options, on_text});
    } catch (const base::Stopped&) {
      GenerateResult result;
      result.prompt_tokens = static_cast<int64_t>(prompt.size());
      result.finish_reason = "cancelled";
      return result;
    }
  }
  return draw_tokens(*model.sequence(), tokenizer, prompt, end_ids, options, on_text);
}

}  // namespace athanor::generate

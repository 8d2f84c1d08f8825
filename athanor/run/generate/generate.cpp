#include "athanor/run/generate/generate.h"

#include <algorithm>
#include <limits>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"
#include "athanor/run/generate/sampler.h"
#include "athanor/run/generate/stop_text.h"

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

/// Ids in, certain text out: characters whole, stop texts hidden.
class TextOut {
 public:
  TextOut(const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt, const GenerateOptions& options,
          const OnText& on_text, std::string& text)
      : tokenizer_(tokenizer), decoder_(tokenizer), stop_(options.stop), stops_(options.stop), on_text_(on_text), text_(text) {
    // The decoder has seen the prompt: what it says of the first generated token is what follows the prompt (its leading space
    // stays).
    for (text::TokenId id : prompt) decoder_.push(id);
  }

  /// "" to go on, else the reason to end.
  const char* push(text::TokenId id) {
    // A special token has no text of its own, but may be named as a stop.
    if (tokenizer_.is_special(id) && std::find(stops_.begin(), stops_.end(), tokenizer_.id_to_token(id)) != stops_.end())
      return "stop";
    return show(stop_.push(decoder_.push(id)));
  }

  void finish() {
    show(stop_.push(decoder_.finish()));
    if (!stop_.stopped()) show(stop_.finish());
  }

 private:
  const char* show(const std::string& piece) {
    text_ += piece;
    if (!piece.empty() && on_text_ && !cancelled_) cancelled_ = !on_text_(piece);
    return stop_.stopped() ? "stop" : cancelled_ ? "cancelled" : "";
  }

  const text::Tokenizer& tokenizer_;
  text::StreamDecoder decoder_;
  StopText stop_;
  const std::vector<std::string>& stops_;
  const OnText& on_text_;
  std::string& text_;
  bool cancelled_ = false;
};

}  // namespace

GenerateResult generate(ScoreSource& source, const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt,
                        std::span<const text::TokenId> end_ids, const GenerateOptions& options, const OnText& on_text) {
  if (options.max_new_tokens < 0)
    base::input_error("generate.max_new_tokens", {"out of range", base::cat(options.max_new_tokens), "0 or more"});
  if (prompt.empty())
    base::input_error("generate.prompt", {"the prompt has no token", "", "at least one", "begin with the bos token"});
  GenerateResult result;
  result.prompt_tokens = static_cast<int64_t>(prompt.size());
  result.finish_reason = "length";
  Picker picker(options, {&tokenizer, end_ids}, prompt);
  TextOut out(tokenizer, prompt, options, on_text, result.text);
  std::span<const text::TokenId> next = prompt;
  while (static_cast<int64_t>(result.ids.size()) < options.max_new_tokens) {
    if (!result.ids.empty() && source.room() == 0) break;
    const text::TokenId id = picker.pick(source.append(next), result);
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

// athanor generate: prompt -> text, piece by piece as it becomes certain.

#include "athanor/run/generate/generate.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/choice_scores.h"
#include "app/cli/commands.h"
#include "app/cli/constraint_flags.h"
#include "app/cli/conversation.h"
#include "app/cli/engine_scorer.h"
#include "app/cli/model.h"
#include "app/cli/output.h"
#include "app/cli/stopwatch.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/stop.h"
#include "athanor/run/engine/decoding.h"

namespace athanor::app {
namespace {

struct Arguments {
  ModelArguments model;
  std::string prompt, prompt_file, system, chat_template;
  bool stream = false, json = false, chat = false, probabilities = false;
  generate::GenerateOptions options;
  ConstraintArguments constraint;
};

std::string prompt_text(const Flags& flags, const Arguments& a) {
  if (flags.given("--prompt") == flags.given("--prompt-file"))
    base::input_error("cli.generate",
                      {"what shall the model continue?", flags.given("--prompt") ? "--prompt and --prompt-file" : "no prompt",
                       "--prompt TEXT or --prompt-file FILE"});
  return flags.given("--prompt") ? a.prompt : base::read_text_file(a.prompt_file);
}

/// The prompt as it is, with what the tokenizer adds; `behind` is a text that follows it.
std::vector<text::TokenId> plain_ids(const std::string& prompt, const text::Tokenizer& tokenizer, const std::string& behind = "") {
  auto ids = tokenizer.encode(prompt + behind);
  if (behind.empty() ? !ids.empty() : !tokenizer.encode(prompt).empty()) return ids;
  auto start = tokenizer.bos() ? tokenizer.bos() : tokenizer.eos();
  if (!start)
    base::input_error("cli.generate", {"the prompt is empty and the tokenizer names no token to begin with", "", "", "some text"});
  ids.insert(ids.begin(), *start);
  return ids;
}

/// What the model is given: the text, or a user's message in the model's chat template.
class Prompt {
 public:
  Prompt(const Arguments& a, std::string text, const RunningModel& model, const text::Tokenizer& tokenizer)
      : text_(std::move(text)), tokenizer_(tokenizer), ends_(model.end_ids) {
    if (!a.chat) return;
    const text::ChatTemplate chat = chat_template_of(model, tokenizer, a.chat_template);
    base::Json messages = base::Json::array();
    if (!a.system.empty()) messages.push_back(message("system", a.system));
    messages.push_back(message("user", text_));
    text_ = chat.render(messages).text;
    rendered_ = true;
    ends_ = turn_ends(model.end_ids, &chat, tokenizer);
  }
  std::vector<text::TokenId> ids(const std::string& behind = "") const {
    return rendered_ ? rendered_ids(text_ + behind, tokenizer_) : plain_ids(text_, tokenizer_, behind);
  }
  /// Tokens that end the answer.
  const std::vector<text::TokenId>& ends() const { return ends_; }

 private:
  std::string text_;
  const text::Tokenizer& tokenizer_;
  std::vector<text::TokenId> ends_;
  bool rendered_ = false;  // by a chat template
};

base::Json as_json(const generate::GenerateResult& result, double seconds) {
  double first = result.first_token_seconds;
  base::Json json = {
      {"text", result.text}, {"ids", result.ids}, {"prompt_tokens", result.prompt_tokens}, {"finish_reason", result.finish_reason}};
  if (!result.logprobs.empty()) json["logprobs"] = result.logprobs;
  if (!result.top_logprobs.empty()) {
    base::Json places = base::Json::array();
    for (const auto& best : result.top_logprobs) {
      base::Json place = base::Json::array();
      for (const generate::TokenLogprob& token : best) place.push_back({{"id", token.id}, {"logprob", token.logprob}});
      places.push_back(std::move(place));
    }
    json["top_logprobs"] = std::move(places);
  }
  if (result.score != 0) json["score"] = result.score;
  if (result.sentences_dropped > 0) json["sentences_dropped"] = result.sentences_dropped;
  json["first_token_ms"] = first * 1e3;
  json["decode_tok_s"] =
      result.ids.size() > 1 && seconds > first ? static_cast<double>(result.ids.size() - 1) / (seconds - first) : 0.0;
  return json;
}

/// Every choice with its probability, the likeliest first.
int print_choices(const Arguments& a, const RunningModel& model, const Prompt& prompt) {
  EngineScorer scorer(model.engine);
  auto scores = score_choices(scorer, generate::choice_lines(read_choices(a.constraint)),
                              [&](const std::string& choice) { return prompt.ids(choice); });
  std::stable_sort(scores.begin(), scores.end(), [](const auto& x, const auto& y) { return x.logprob > y.logprob; });
  if (!a.json) {
    for (const ChoiceScore& score : scores) print(base::cat(base::fixed(score.probability, 4), "  ", score.text, "\n"));
    return 0;
  }
  base::Json list = base::Json::array();
  for (const ChoiceScore& score : scores)
    list.push_back({{"text", score.text}, {"probability", score.probability}, {"logprob", score.logprob}});
  print_json({{"choices", std::move(list)}, {"prompt_tokens", prompt.ids().size()}});
  return 0;
}

int run(const Flags& flags, const Arguments& a, const Invocation& call) {
  if (!a.chat && (flags.given("--system") || flags.given("--chat-template")))
    base::input_error("cli.generate", {"--system and --chat-template belong to a conversation", "", "", "--chat"});
  if (a.probabilities && !flags.given("--choices"))
    base::input_error("cli.generate", {"probabilities of what?", "--choice-probabilities alone", "--choices FILE"});
  RunningModel model = open_model(a.model, call.everywhere.dtype);
  auto tokenizer = model.tokenizer();
  const Prompt prompt(a, prompt_text(flags, a), model, *tokenizer);
  generate::GenerateOptions options = a.options;
  options.constraint = make_constraint(flags, a.constraint, *tokenizer, prompt.ends());
  if (a.probabilities) return print_choices(a, model, prompt);
  bool stream = !a.json && (a.stream || is_terminal(STDOUT_FILENO));

  Stopwatch watch;
  auto result = generate::generate(engine::Decoding(model.engine), *tokenizer, prompt.ids(), prompt.ends(), options,
                                   [stream](std::string_view piece) {
                                     if (stream) print(piece);
                                     return !base::stop_requested();
                                   });
  if (base::stop_requested()) result.finish_reason = "interrupted";

  double seconds = watch.seconds();
  if (a.json)
    print_json(as_json(result, seconds));
  else
    print(stream ? "\n" : result.text + "\n");
  if (result.sentences_dropped > 0) base::log_info(base::cat(result.sentences_dropped, " repeated sentences were left out"));
  base::log(base::LogLevel::kDebug, base::cat(result.ids.size(), " tokens in ", base::fixed(seconds, 2), " s, the first after ",
                                              base::fixed(result.first_token_seconds * 1e3, 0), " ms"));
  return 0;
}

}  // namespace

Run declare_generate(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  declare_model(flags, a->model);
  flags.text("--prompt -p", a->prompt, {"text to continue"});
  flags.text("--prompt-file -f --file", a->prompt_file, {"a file with the prompt"});
  flags.flag("--chat", a->chat, "the prompt is a message: write it in the model's chat template");
  flags.text("--system", a->system, {.help = "with --chat: the system message", .other_names = {"system_prompt"}});
  flags.text("--chat-template", a->chat_template,
             {.help = "with --chat: a file with a template to use instead of the model's", .other_names = {"chat_template_file"}});
  flags.options(base::visit_of(a->options), {"max_new_tokens -n --predict", "temperature --temp",
                                             "repetition_penalty --repeat-penalty", "typical_p --typical", "seed -s"});
  declare_constraint(flags, a->constraint);
  flags.flag("--choice-probabilities", a->probabilities, "with --choices: print how likely each line is, and generate nothing");
  flags.flag("--stream", a->stream, "print each piece as it comes (a terminal always does)");
  flags.flag("--json", a->json, "one JSON object: text, ids, prompt_tokens, finish_reason, ...");
  return [a, &flags](const Invocation& call) { return run(flags, *a, call); };
}

}  // namespace athanor::app

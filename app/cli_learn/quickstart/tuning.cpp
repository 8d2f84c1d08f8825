// The tuning part of a quickstart: the pretrained model learns to answer, once with every weight and once by LoRA, and is asked
// before and after.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/cli/conversation.h"
#include "app/cli_learn/quickstart/questions.h"
#include "app/cli_learn/quickstart/stages.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/threads.h"
#include "athanor/learn/train/run.h"

namespace athanor::app {
namespace {

constexpr int64_t kLongestAnswer = 48;  // tokens

/// The pretrained model on the questions; the rest as it was pretrained, but for what moves the weights.
train::TrainRecipe tuning_recipe(const QuickstartPlan& plan, const std::filesystem::path& out) {
  train::TrainRecipe recipe = plan.recipe;
  recipe.stage = "sft";
  recipe.model = base::Node{};
  recipe.model.kind = base::Node::Kind::kScalar, recipe.model.scalar = plan.model().string();
  recipe.tokenizer = "";
  recipe.data = {};
  recipe.data.train = {(plan.questions() / "train.jsonl").string()};
  recipe.data.eval = {(plan.questions() / "held-out.jsonl").string()};
  recipe.data.chat_template = (plan.questions() / "chat.jinja").string();
  recipe.out = out.string();
  train::TrainOptions& o = recipe.train;
  o.optimizer = "adamw", o.schedule = "cosine", o.warmup = 0.1, o.weight_decay = 0.01, o.min_lr = 0.05;
  o.steps = plan.quick ? 60 : 120, o.time_limit_s = plan.recipe.train.time_limit_s / 4;
  o.lr = 1e-3, o.keep_best = true, o.save_every = 0, o.eval_every = o.steps / 4, o.log_every = 10, o.sample_every = 0, o.ema = 0;
  return recipe;
}

/// `weights`: the file of what was learned.
base::Json numbers_of(const train::TrainResult& result, const std::filesystem::path& weights) {
  base::set_region_executor(nullptr);  // from here on only the engine works, on our own pool
  base::Json numbers = {{"end", result.end}, {"steps", result.steps}, {"seconds", result.seconds}};
  std::error_code missing;
  if (const auto bytes = std::filesystem::file_size(weights, missing); !missing) numbers["bytes"] = bytes;
  if (result.held_out) numbers["nats_per_token"] = result.held_out->loss();
  return numbers;
}

/// "Katharina." and the like: a name and nothing else.
bool is_name(const std::string& answer) {
  return answer.size() > 2 && answer.size() < 32 && answer.back() == '.' && answer.find('\n') == answer.npos &&
         std::count(answer.begin(), answer.end(), ' ') < 3;
}

}  // namespace

base::Json tune_all_weights(const QuickstartPlan& plan, base::ProgressSink* progress) {
  train::TrainHooks hooks;
  hooks.progress = progress;
  const auto result = train::train_recipe(tuning_recipe(plan, plan.tuned()), train::Resume::kAuto, hooks);
  return numbers_of(result, plan.tuned() / "model.safetensors");
}

base::Json tune_by_lora(const QuickstartPlan& plan, base::ProgressSink* progress) {
  train::TrainRecipe recipe = tuning_recipe(plan, plan.lora());
  recipe.adapter.method = "lora", recipe.adapter.r = 8, recipe.adapter.alpha = 16;
  recipe.train.lr = 5e-3;
  train::TrainHooks hooks;
  hooks.progress = progress;
  return numbers_of(train::train_recipe(recipe, train::Resume::kAuto, hooks), plan.lora() / "adapter_model.safetensors");
}

base::Json ask(const QuickstartPlan& plan, const std::string& folder, const std::vector<std::string>& lora) {
  const RunningModel model = open_model({.model = folder, .context = 0, .lora = lora}, "");
  const auto tokenizer = model.tokenizer();
  const text::ChatTemplate chat = chat_template_of(model, *tokenizer, (plan.questions() / "chat.jinja").string());
  const std::vector<text::TokenId> ends = turn_ends(model.end_ids, &chat, *tokenizer);
  engine::Session session(model.engine);
  base::Json answers = base::Json::array();
  int64_t ended = 0, names = 0, asked_for_names = 0;
  for (const Question& q : held_out_questions(plan)) {
    session.truncate(0);
    const auto prompt = chat_ids(chat, *tokenizer, base::Json::array({message("user", q.question)}));
    generate::GenerateOptions options;
    options.temperature = 0;
    options.max_new_tokens = std::min(kLongestAnswer, session.room() - static_cast<int64_t>(prompt.size()));
    if (options.max_new_tokens < 1) continue;
    const auto result = generate::generate(session, *tokenizer, prompt, ends, options);
    ended += result.finish_reason == "stop";
    if (q.question.starts_with("Who says")) ++asked_for_names, names += is_name(result.text);
    answers.push_back({{"question", q.question}, {"expected", q.answer}, {"text", result.text}});
  }
  return {
      {"asked", answers.size()}, {"ended", ended}, {"asked_for_names", asked_for_names}, {"names", names}, {"answers", answers}};
}

base::Json ask_all(const QuickstartPlan& plan) {
  return {{"before", ask(plan, plan.model().string(), {})},
          {"tuned", ask(plan, plan.tuned().string(), {})},
          {"lora", ask(plan, plan.model().string(), {plan.lora().string()})}};
}

}  // namespace athanor::app

// athanor eval: numbers about a model.

#include "athanor/run/eval/eval.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/engine_scorer.h"
#include "app/cli/model.h"
#include "app/cli/output.h"
#include "app/cli/stopwatch.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::app {
namespace {

struct Arguments {
  ModelArguments model;
  std::string task = "perplexity", data;
  eval::EvalOptions options;
  bool json = false;
};

bool is_whole(double x) { return x == static_cast<double>(static_cast<int64_t>(x)) && x > 1; }

int run(const Arguments& a, const Invocation& call) {
  const eval::TaskRow& task = base::find_row(eval::tasks(), a.task, "cli.eval");
  RunningModel model = open_model(a.model, call.everywhere.dtype);
  std::string data = base::read_text_file(a.data);
  Stopwatch watch;
  EngineScorer scorer(model.engine);
  eval::EvalResult result = task.run(scorer, *model.tokenizer(), data, a.data, a.options);
  if (a.json) {
    base::Json json = {{"task", a.task}, {"value", result.value}};
    for (const auto& [name, number] : result.numbers)
      json[name] = is_whole(number) ? base::Json(static_cast<int64_t>(number)) : base::Json(number);
    json["seconds"] = watch.seconds();
    print_json(json);
    return 0;
  }
  std::string text = base::cat(a.task, "  ", base::fixed(result.value, 4), "\n");
  for (const auto& [name, number] : result.numbers)
    text += base::cat(name, "  ", base::fixed(number, is_whole(number) ? 0 : 4), "\n");
  print(text);
  return 0;
}

}  // namespace

Run declare_eval(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  declare_model(flags, a->model);
  flags.text("--task", a->task, {.help = "what to measure", .choices = {"perplexity", "multiple-choice"}});
  flags.text("--data", a->data, {.help = "a text file; for multiple-choice, JSON Lines of query, choices, gold", .required = true});
  flags.options(base::visit_of(a->options));
  flags.flag("--json", a->json, "one JSON object: task, value, and the task's other numbers");
  return [a](const Invocation& call) { return run(*a, call); };
}

}  // namespace athanor::app

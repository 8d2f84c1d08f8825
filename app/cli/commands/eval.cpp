// athanor eval: numbers about a model.

#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/model.h"
#include "app/cli/output.h"
#include "app/cli/perplexity.h"
#include "app/cli/stopwatch.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::app {
namespace {

struct Arguments {
  ModelArguments model;
  std::string task = "perplexity", data;
  int64_t limit = 0, window = 0;
  bool json = false;
};

int run(const Arguments& a, const Invocation& call) {
  RunningModel model = open_model(a.model, call.everywhere.dtype);
  std::string text = base::read_text_file(a.data);
  Stopwatch watch;
  PerplexityResult r = perplexity(model.engine, *model.tokenizer(), text, {.window = a.window, .limit = a.limit});
  if (a.json) {
    print_json({{"task", a.task},
                {"value", r.perplexity()},
                {"nats_per_byte", r.nats_per_byte()},
                {"bits_per_byte", r.bits_per_byte()},
                {"nats_per_token", r.nats / static_cast<double>(r.tokens)},
                {"tokens", r.tokens},
                {"bytes", r.bytes},
                {"seconds", watch.seconds()}});
    return 0;
  }
  print(base::cat("perplexity     ", base::fixed(r.perplexity(), 4), " per token\nnats per byte  ",
                  base::fixed(r.nats_per_byte(), 4), "\nbits per byte  ", base::fixed(r.bits_per_byte(), 4), "\nover           ",
                  r.tokens, " tokens, ", r.bytes, " bytes\n"));
  return 0;
}

}  // namespace

Run declare_eval(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  declare_model(flags, a->model);
  flags.text("--task", a->task, {.help = "what to measure", .choices = {"perplexity"}});
  flags.text("--data", a->data, {.help = "a text file", .required = true});
  flags.integer("--limit", a->limit, {"tokens scored at most; 0: all", 0, 1e12});
  flags.integer("--window", a->window, {"tokens seen at once; 0: the whole context", 0, 1 << 20, {"max_length", "stride"}});
  flags.flag("--json", a->json, "one JSON object: task, value (perplexity), nats_per_byte, bits_per_byte, ...");
  return [a](const Invocation& call) { return run(*a, call); };
}

}  // namespace athanor::app

// athanor bench: how fast a model reads and writes here.

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/model.h"
#include "app/cli/output.h"
#include "app/cli/stopwatch.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/base/threads.h"

namespace athanor::app {
namespace {

struct Arguments {
  ModelArguments model;
  int64_t prompt = 512, tokens = 64, repeat = 3;
  bool json = false;
};

struct Times {
  double load = 0, prefill = 0, decode = 0;  // seconds; the median of the repeats
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Times measure(const RunningModel& model, const Arguments& a) {
  engine::Session session(model.engine);
  if (a.prompt + a.tokens > session.room())
    base::input_error("cli.bench", {"prompt and new tokens do not fit the context", base::cat(a.prompt, " + ", a.tokens),
                                    base::cat("at most ", session.room()), "a smaller -p or -n, or a larger -c"});
  base::Philox random(0, 0, base::Purpose::kTest);
  std::vector<text::TokenId> ids(static_cast<size_t>(a.prompt));
  for (text::TokenId& id : ids) id = static_cast<text::TokenId>(random.below(static_cast<uint64_t>(model.decoder.spec.vocab)));

  std::vector<double> prefill, decode;
  for (int64_t i = 0; i < a.repeat && !base::stop_requested(); ++i) {
    session.truncate(0);
    Stopwatch watch;
    session.append(ids);
    prefill.push_back(watch.seconds());
    Stopwatch decode_watch;
    for (int64_t n = 0; n < a.tokens; ++n) session.append(std::span(&ids[static_cast<size_t>(n % a.prompt)], 1));
    decode.push_back(decode_watch.seconds());
  }
  if (prefill.empty()) base::input_error("cli.bench", {"interrupted before the first measurement"});
  return {0, median(prefill), median(decode)};
}

int run(const Arguments& a, const Invocation& call) {
  Stopwatch watch;
  RunningModel model = open_model(a.model, call.everywhere.dtype);
  double load = watch.seconds();
  Times times = measure(model, a);
  double prefill = static_cast<double>(a.prompt) / times.prefill, decode = static_cast<double>(a.tokens) / times.decode;
  double bytes = static_cast<double>(model.engine->bytes_per_token());
  base::Json json = {{"prefill_tok_s", prefill},
                     {"decode_tok_s", decode},
                     {"peak_rss_mb", peak_memory_mib()},
                     {"load_s", load},
                     {"parameters", models::parameter_count(model.decoder)},
                     {"bytes_per_token", bytes},
                     {"decode_gb_s", decode * bytes / 1e9},
                     {"prompt_tokens", a.prompt},
                     {"new_tokens", a.tokens},
                     {"threads", base::thread_count()},
                     {"dtype", call.everywhere.dtype.empty() ? "as stored" : call.everywhere.dtype}};
  if (a.json) return print_json(json), 0;
  print(base::cat("prefill  ", base::fixed(prefill, 1), " tokens/s  (", a.prompt, " tokens)\ndecode   ", base::fixed(decode, 1),
                  " tokens/s  (", a.tokens, " tokens, ", base::fixed(decode * bytes / 1e9, 2), " GB/s of weights)\nload     ",
                  base::fixed(load * 1e3, 0), " ms\nmemory   ", base::fixed(peak_memory_mib(), 1), " MiB at the peak\nthreads  ",
                  base::thread_count(), "\n"));
  return 0;
}

}  // namespace

Run declare_bench(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  declare_model(flags, a->model);
  flags.integer("--prompt-tokens -p", a->prompt, {"tokens that are read at once", 1, 1 << 20, {"n_prompt"}});
  flags.integer("--new-tokens -n", a->tokens, {"tokens that are written one by one", 1, 1 << 20, {"n_gen", "max_new_tokens"}});
  flags.integer("--repeat -r", a->repeat, {"measurements; the median counts", 1, 1000, {"repetitions"}});
  flags.flag("--json", a->json, "one JSON object: prefill_tok_s, decode_tok_s, peak_rss_mb, ...");
  return [a](const Invocation& call) { return run(*a, call); };
}

}  // namespace athanor::app

// athanor quickstart: text -> tokenizer -> pretrained model -> numbers, samples and a report, in one command.

#include <nlohmann/json.hpp>

#include "app/cli/model.h"
#include "app/cli/output.h"
#include "app/cli/stopwatch.h"
#include "app/cli_learn/learn_commands.h"
#include "app/cli_learn/quickstart/page.h"
#include "app/cli_learn/quickstart/questions.h"
#include "app/cli_learn/quickstart/stages.h"
#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/stop.h"

namespace athanor::app {
namespace {

using base::cat;
using base::fixed;

std::string nats_and_bits(const base::Json& numbers) {
  return cat(fixed(numbers["nats_per_byte"].get<double>(), 3), " nats per byte (", fixed(numbers["bits_per_byte"].get<double>(), 3),
             " bits)");
}

/// Runs one stage, unless an earlier call did; false where the user wants to stop.
bool stage(QuickstartState& state, const char* name, const char* title, const std::function<base::Json()>& work,
           const std::function<std::string(const base::Json&)>& words) {
  bool before = state.find(name) != nullptr;
  if (!before) {
    base::log_info(cat(title, " ..."));
    base::Json numbers = work();
    if (base::stop_requested()) return false;
    state.set(name, numbers);
  }
  base::log_info(cat(title, ": ", words(state.at(name)), before ? "  (done before)" : ""));
  return true;
}

std::string tuning_words(const base::Json& n) {
  return cat(n["steps"].get<int64_t>(), " steps in ", fixed(n["seconds"].get<double>(), 0), " s");
}

/// "23 of 60"
std::string ended_of(const base::Json& n) { return cat(n["ended"].get<int64_t>(), " of ", n["asked"].get<int64_t>()); }

bool run_tuning(const QuickstartPlan& plan, QuickstartState& state, const Invocation& call) {
  return stage(
             state, "questions", "7/9 questions", [&] { return write_questions(plan); },
             [](const base::Json& n) {
               return cat(n["train"].get<int64_t>(), " to learn from, ", n["held_out"].get<int64_t>(), " held out");
             }) &&
         stage(
             state, "tune", "8/9 tuning, every weight", [&] { return tune_all_weights(plan, call.progress); }, tuning_words) &&
         stage(
             state, "lora", "8/9 tuning, LoRA", [&] { return tune_by_lora(plan, call.progress); }, tuning_words) &&
         stage(
             state, "answers", "9/9 answers and report", [&] { return ask_all(plan); },
             [](const base::Json& n) {
               return cat("answers that end by themselves: ", ended_of(n["before"]), " before, ", ended_of(n["tuned"]), " after, ",
                          ended_of(n["lora"]), " with LoRA");
             });
}

bool run_stages(const QuickstartPlan& plan, QuickstartState& state, const Invocation& call) {
  return stage(
             state, "text", "1/9 text", [&] { return write_texts(plan); },
             [](const base::Json& n) {
               return cat(n["train_bytes"].get<int64_t>(), " bytes to learn from, ", n["held_out_bytes"].get<int64_t>(),
                          " held out");
             }) &&
         stage(
             state, "tokenizer", "2/9 tokenizer", [&] { return train_tokenizer_stage(plan); },
             [](const base::Json& n) {
               return cat(n["vocab_size"].get<int64_t>(), " tokens of ", fixed(n["bytes_per_token"].get<double>(), 2), " bytes");
             }) &&
         stage(
             state, "before", "3/9 before training", [&] { return evaluate_untrained(plan); }, nats_and_bits) &&
         stage(
             state, "train", "4/9 training", [&] { return train_stage(plan, call.progress); },
             [](const base::Json& n) {
               return cat(n["steps"].get<int64_t>(), " steps in ", fixed(n["seconds"].get<double>(), 0), " s, ",
                          base::human_count(n["tokens_per_second"].get<double>()), " tokens/s");
             }) &&
         stage(
             state, "after", "5/9 after training", [&] { return evaluate_trained(plan); }, nats_and_bits) &&
         stage(
             state, "samples", "6/9 samples", [&] { return write_samples(plan); },
             [](const base::Json& n) { return cat(base::human_count(n["tokens_per_second"].get<double>()), " tokens/s"); }) &&
         run_tuning(plan, state, call);
}

std::string summary(const QuickstartPlan& plan, const QuickstartState& state, double seconds) {
  std::string text = cat("held-out text  ", nats_and_bits(state.at("before")), " before, ", nats_and_bits(state.at("after")),
                         " after\nreport         ", plan.report().string(), "\nmodel          ", plan.model().string(),
                         "\nanswers end    ", ended_of(state.at("answers")["before"]), " before tuning, ",
                         ended_of(state.at("answers")["tuned"]), " after, ", ended_of(state.at("answers")["lora"]), " with LoRA\n");
  if (seconds > 1)
    text += cat("time           ", fixed(seconds, 0), " s in all, ", fixed(state.at("peak_memory_mib").get<double>(), 0),
                " MiB at the peak\n");
  text += "\nnext\n";
  for (const NextStep& step : next_steps(plan)) text += cat("  ", step.command, "\n");
  return text;
}

}  // namespace

int quickstart_command(const QuickstartArguments& a, const Invocation& call) {
  Stopwatch watch;
  QuickstartPlan plan = make_plan(a, call.everywhere);
  QuickstartState state(plan, a.force);
  if (!run_stages(plan, state, call)) {
    base::log_info("stopped; the same command goes on from here");
    return 0;
  }
  if (state.find("peak_memory_mib") == nullptr) state.set("peak_memory_mib", peak_memory_mib());
  base::write_file(plan.report(), report_page(report_of(plan, state)));
  print(summary(plan, state, watch.seconds()));
  return 0;
}

}  // namespace athanor::app

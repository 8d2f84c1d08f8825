#include "app/cli_learn/quickstart/page.h"

#include <torch/headeronly/version.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/cli/help.h"
#include "app/cli/model.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/isa.h"

namespace athanor::app {
namespace {

using base::cat;
using base::fixed;

std::string value_in(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key)) {
      std::string value = line.substr(line.find_first_of(":=") + 1);
      value.erase(0, value.find_first_not_of(" \t\""));
      return value.substr(0, value.find_last_not_of(" \t\"") + 1);
    }
  return "unknown";
}

std::vector<std::pair<double, double>> points_of(const base::Json& pairs, double factor) {
  std::vector<std::pair<double, double>> points;
  for (const base::Json& pair : pairs) points.emplace_back(pair[0].get<double>(), pair[1].get<double>() * factor);
  return points;
}

/// Without the first, steep part, which would press the rest against the axis.
std::vector<std::pair<double, double>> from_below(std::vector<std::pair<double, double>> points, double highest) {
  auto begin = std::find_if(points.begin(), points.end(), [highest](const auto& point) { return point.second <= highest; });
  if (points.end() - begin < 3) return points;
  points.erase(points.begin(), begin);
  return points;
}

std::string key_of(const train::TrainRecipe& recipe, const char* name) {
  const base::Node* node = recipe.model.find(name);
  return node == nullptr ? "-" : node->scalar;
}

std::string duration(double seconds) {
  return seconds < 100 ? cat(fixed(seconds, 0), " seconds") : cat(fixed(seconds / 60, 1), " minutes");
}

std::vector<Fact> model_facts(const QuickstartPlan& plan, const QuickstartState& state) {
  const base::Json& after = state.at("after");
  return {
      {"kind", key_of(plan.recipe, "model_type")},
      {"parameters", base::human_count(after["parameters"].get<double>())},
      {"width, layers, heads", cat(key_of(plan.recipe, "hidden_size"), ", ", key_of(plan.recipe, "num_hidden_layers"), ", ",
                                   key_of(plan.recipe, "num_attention_heads"))},
      {"vocabulary", cat(plan.vocab(), " tokens of ", fixed(state.at("tokenizer")["bytes_per_token"].get<double>(), 2), " bytes")},
      {"context", cat(key_of(plan.recipe, "max_position_embeddings"), " tokens")}};
}

std::vector<Fact> training_facts(const QuickstartPlan& plan, const QuickstartState& state) {
  const base::Json& text = state.at("text");
  const base::Json& train = state.at("train");
  const train::TrainOptions& o = plan.recipe.train;
  return {{"text", cat(base::human_bytes(text["train_bytes"].get<double>()), ", held out ",
                       base::human_bytes(text["held_out_bytes"].get<double>()))},
          {"steps", cat(train["steps"].get<int64_t>(), " of ", o.batch * o.accumulation, " × ", o.length, " tokens")},
          {"tokens seen",
           cat(base::human_count(train["tokens"].get<double>()), ", ", fixed(train["epochs"].get<double>(), 1), " times the text")},
          {"time", cat(fixed(train["seconds"].get<double>(), 0), " s")},
          {"learning rate", cat(o.lr, ", ", o.schedule)},
          {"weight decay, dropout", cat(o.weight_decay, ", ", o.dropout)},
          {"numbers", o.dtype},
          {"seed", cat(o.seed)}};
}

/// Some of the held-out questions, each with its three answers.
std::vector<Answer> answers_of(const base::Json& all) {
  std::vector<Answer> answers;
  const base::Json &before = all["before"]["answers"], &tuned = all["tuned"]["answers"], &lora = all["lora"]["answers"];
  for (size_t i = 0; i < std::min({before.size(), tuned.size(), lora.size(), size_t{6}}); ++i)
    answers.push_back({before[i]["question"], before[i]["expected"], before[i]["text"], tuned[i]["text"], lora[i]["text"]});
  return answers;
}

std::vector<Fact> tuning_facts(const QuickstartState& state) {
  const base::Json& all = state.at("answers");
  std::vector<Fact> facts = {{"questions", cat(state.at("questions")["train"].get<int64_t>(), ", made from the text; asked: ",
                                               all["before"]["asked"].get<int64_t>(), " of the held-out text")}};
  for (const auto& [key, name] :
       {std::pair("before", "before"), std::pair("tuned", "every weight tuned"), std::pair("lora", "LoRA")}) {
    const base::Json& n = all[key];
    facts.push_back({cat(name, ": answers that end"), cat(n["ended"].get<int64_t>(), " of ", n["asked"].get<int64_t>())});
    if (n["asked_for_names"] > 0)
      facts.push_back(
          {cat(name, ": \"who\" answered by a name"), cat(n["names"].get<int64_t>(), " of ", n["asked_for_names"].get<int64_t>())});
  }
  for (const auto& [key, name] : {std::pair("tune", "every weight"), std::pair("lora", "LoRA")}) {
    const base::Json& n = state.at(key);
    if (n.contains("nats_per_token"))
      facts.push_back({cat(name, ": held-out loss"), cat(fixed(n["nats_per_token"].get<double>(), 3), " nats per token")});
    if (n.contains("bytes")) facts.push_back({cat(name, ": what was learned"), base::human_bytes(n["bytes"].get<double>())});
    facts.push_back({cat(name, ": time"), cat(fixed(n["seconds"].get<double>(), 0), " s, ", n["steps"].get<int64_t>(), " steps")});
  }
  return facts;
}

std::vector<Fact> environment_facts() {
  return {{"processor", value_in("/proc/cpuinfo", "model name")},
          {"instructions", std::string(kernels::isa_name(kernels::isa_level()))},
          {"threads", cat(base::thread_count())},
          {"memory", base::human_bytes(std::stod(value_in("/proc/meminfo", "MemTotal")) * 1024)},
          {"system", value_in("/etc/os-release", "PRETTY_NAME")},
          {"athanor", ATHANOR_VERSION},
          {"libtorch (training only)", TORCH_VERSION}};
}

}  // namespace

std::vector<NextStep> next_steps(const QuickstartPlan& plan) {
  std::string model = plan.model().string(), prompt = plan.bundled ? "JULIET:" : "Once";
  return {
      {"Let it write more", cat("athanor generate ", model, " --prompt \"", prompt, "\" --temperature 0.8 --max-new-tokens 200")},
      {"Ask the tuned one", cat("athanor chat ", plan.tuned().string())},
      {"Ask with the LoRA", cat("athanor chat ", model, " --lora ", plan.lora().string())},
      {"Measure it on another text", cat("athanor eval ", model, " --task perplexity --data FILE")},
      {"See how fast it runs, also with 8-bit weights", cat("athanor bench ", model, " -p 128 -n 64 --dtype i8")},
      {"Train longer", "athanor quickstart --minutes 20 --out longer"},
      {"Try another shape; every name of the recipe can be set",
       "athanor quickstart --out wider model.hidden_size=256 train.dropout=0.2"},
      {"Learn from your own text", "athanor quickstart --corpus FILE --out mine"},
      {"Look at the recipe, change it and run it",
       cat("athanor train ", (plan.model() / "recipe.yaml").string(), " train.lr=1e-3 out=other")}};
}

Report report_of(const QuickstartPlan& plan, const QuickstartState& state) {
  const base::Json& train = state.at("train");
  const base::Json& samples = state.at("samples");
  Report report;
  report.title = plan.bundled ? "A small model learns Shakespeare" : "A small model learns a text";
  report.subtitle =
      cat(base::human_count(state.at("after")["parameters"].get<double>()), " parameters, trained from nothing in ",
          duration(train["seconds"].get<double>()), " on ", base::thread_count(), " threads of an ordinary processor.");
  report.before = state.at("before")["nats_per_byte"];
  report.after = state.at("after")["nats_per_byte"];
  report.guess = state.at("text")["byte_frequency_nats"];
  report.held_out_bytes = state.at("text")["held_out_bytes"];
  double bytes_per_token = state.at("tokenizer")["bytes_per_token"];
  report.losses = {
      {"training batches", thinned(from_below(points_of(train["losses"], 1 / bytes_per_token), 2 * report.after), 400), false},
      {"held-out text", from_below(points_of(train["held_out"], 1), 2 * report.after), true}};
  for (const base::Json& sample : samples["samples"])
    report.samples.push_back({sample["temperature"], sample["prompt"], sample["text"]});
  report.answers = answers_of(state.at("answers"));
  report.tuning = tuning_facts(state);
  report.model = model_facts(plan, state);
  report.training = training_facts(plan, state);
  report.speed = {{"tokens per second, training", base::human_count(train["tokens_per_second"].get<double>())},
                  {"tokens per second, writing", base::human_count(samples["tokens_per_second"].get<double>())},
                  {"most memory held", base::human_bytes(state.at("peak_memory_mib").get<double>() * 1024 * 1024)}};
  report.environment = environment_facts();
  report.next = next_steps(plan);
  return report;
}

}  // namespace athanor::app

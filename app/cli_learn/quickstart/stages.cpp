#include "app/cli_learn/quickstart/stages.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "app/cli/engine_scorer.h"
#include "app/cli/model.h"
#include "app/cli/stopwatch.h"
#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/text/bpe_trainer.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/model_start.h"
#include "athanor/learn/train/run.h"
#include "athanor/run/eval/tasks/perplexity.h"
#include "athanor/run/generate/generate.h"

namespace athanor::app {
namespace {

namespace fs = std::filesystem;

/// Nats per byte of the held-out text for one who knows only how often each byte occurs in the training part.
double byte_frequency_cost(const QuickstartPlan& plan) {
  std::array<double, 256> counts;
  counts.fill(1);
  for (unsigned char byte : plan.train_text) counts[byte] += 1;
  double total = static_cast<double>(plan.train_text.size()) + 256, nats = 0;
  for (unsigned char byte : plan.held_out) nats -= std::log(counts[byte] / total);
  return nats / static_cast<double>(plan.held_out.size());
}

base::Json held_out_numbers(const QuickstartPlan& plan, const fs::path& folder) {
  Stopwatch watch;
  RunningModel model = open_model({.model = folder.string(), .context = 0}, "");
  EngineScorer scorer(model.engine);
  eval::EvalResult result = eval::perplexity(scorer, *model.tokenizer(), plan.held_out, "held-out.txt", {});
  return {{"nats_per_byte", result.number("nats_per_byte")},
          {"bits_per_byte", result.number("bits_per_byte")},
          {"perplexity", result.value},
          {"tokens", static_cast<int64_t>(result.number("tokens"))},
          {"bytes", static_cast<int64_t>(result.number("bytes"))},
          {"parameters", models::parameter_count(model.decoder)},
          {"seconds", watch.seconds()}};
}

}  // namespace

base::Json write_texts(const QuickstartPlan& plan) {
  fs::create_directories(plan.text_folder());
  base::write_file(plan.text_folder() / "train.txt", plan.train_text);
  base::write_file(plan.text_folder() / "held-out.txt", plan.held_out);
  return {{"train_bytes", plan.train_text.size()},
          {"held_out_bytes", plan.held_out.size()},
          {"byte_frequency_nats", byte_frequency_cost(plan)}};
}

base::Json train_tokenizer_stage(const QuickstartPlan& plan) {
  Stopwatch watch;
  text::BpeTrainerOptions options;
  options.vocab_size = plan.vocab();
  text::BpeTrainingResult result = text::train_bpe(plan.train_text, options);
  text::write_tokenizer_folder(result, options, plan.tokenizer());
  auto ids = text::load_tokenizer(plan.tokenizer())->encode(plan.train_text);
  return {{"vocab_size", result.tokens.size()},
          {"train_tokens", ids.size()},
          {"bytes_per_token", static_cast<double>(plan.train_text.size()) / static_cast<double>(ids.size())},
          {"seconds", watch.seconds()}};
}

base::Json evaluate_untrained(const QuickstartPlan& plan) {
  base::Json config = train::model_config(plan.recipe, *text::load_tokenizer(plan.tokenizer()));
  auto decoder = nn::Decoder::build(models::decoder_from_config(config), {}, static_cast<uint64_t>(plan.recipe.train.seed));
  nn::NamedWeights weights = nn::weights_of(*decoder);
  fs::path folder = plan.out / "untrained";
  checkpoint::write_model_folder(folder, config, nullptr, weights.arrays, {.carry_from = plan.tokenizer(), .replace = true});
  base::Json numbers = held_out_numbers(plan, folder);
  fs::remove_all(folder);
  return numbers;
}

base::Json train_stage(const QuickstartPlan& plan, base::ProgressSink* progress) {
  train::TrainHooks hooks;
  hooks.progress = progress;
  train::TrainResult result = train::train_recipe(plan.recipe, train::Resume::kAuto, hooks);
  base::set_region_executor(nullptr);  // OpenMP's threads spin; from here on only the engine works, on our own pool
  base::Json losses = base::Json::array(), held_out = base::Json::array();
  for (const train::LogEntry& entry : result.log) {
    if (entry.training) losses.push_back({entry.step, entry.training->loss});
    if (entry.held_out) held_out.push_back({entry.step, entry.held_out->bits_per_byte * std::numbers::ln2});
  }
  double tokens =
      static_cast<double>(result.steps * plan.recipe.train.batch * plan.recipe.train.length * plan.recipe.train.accumulation);
  return {{"end", result.end},
          {"steps", result.steps},
          {"seconds", result.seconds},
          {"tokens", tokens},
          {"tokens_per_second", result.tokens_per_second},
          {"epochs", result.log.empty() ? 0.0 : result.log.back().epoch},
          {"losses", losses},
          {"held_out", held_out}};
}

base::Json evaluate_trained(const QuickstartPlan& plan) { return held_out_numbers(plan, plan.model()); }

base::Json write_samples(const QuickstartPlan& plan) {
  RunningModel model = open_model({.model = plan.model().string(), .context = 0}, "");
  auto tokenizer = model.tokenizer();
  auto prompt = tokenizer->encode(plan.prompt);
  engine::Session session(model.engine);
  Stopwatch watch;
  int64_t tokens = 0;
  base::Json samples = base::Json::array();
  for (double temperature : {0.0, 0.5, 0.8, 1.0}) {
    session.truncate(0);
    generate::GenerateOptions options;
    options.max_new_tokens = std::min<int64_t>(160, session.room() - static_cast<int64_t>(prompt.size()));
    options.temperature = temperature;
    options.seed = plan.recipe.train.seed;
    auto result = generate::generate(session, *tokenizer, prompt, model.end_ids, options);
    tokens += static_cast<int64_t>(result.ids.size());
    samples.push_back({{"temperature", temperature}, {"prompt", plan.prompt}, {"text", result.text}});
  }
  return {{"samples", samples}, {"tokens_per_second", static_cast<double>(tokens) / watch.seconds()}};
}

}  // namespace athanor::app

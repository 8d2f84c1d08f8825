// What the memory of training follows. `athanor train` runs in a process of its own for each setting, two steps, and the most
// memory that it ever held is compared with what `athanor estimate` says beforehand. What a step keeps for its backward pass grows
// with the tokens of a micro-batch; activation checkpointing (Chen et al. 2016, arXiv:1604.06174) keeps a layer's input only; the
// data set lies in a file that is mapped.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/cli/learn_wing.h"
#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/mapped_file.h"
#include "lab/child.h"
#include "lab/experiment.h"
#include "lab/lab.h"

namespace athanor::lab {
namespace {

namespace fs = std::filesystem;
using base::cat;

constexpr const char* kLargeModel =
    "{model_type: llama, vocab_size: 512, hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 8, num_key_value_heads: 8, "
    "intermediate_size: 704, max_position_embeddings: 512, tie_word_embeddings: true}";

struct Setting {
  const char* name;
  int64_t batch, length, accumulation;
  bool checkpointing;
  int data = 1;  // times the text
};
constexpr Setting kSettings[] = {
    {"16 rows of 256 tokens", 16, 256, 1, false},
    {"8 rows of 256", 8, 256, 1, false},
    {"4 rows of 256", 4, 256, 1, false},
    {"16 rows of 128", 16, 128, 1, false},
    {"4 rows of 256, 4 accumulated", 4, 256, 4, false},
    {"16 rows of 256, checkpointing", 16, 256, 1, true},
    {"16 rows of 256, four times the data", 16, 256, 1, false, 4},
};
enum : size_t { kReference, kHalf, kQuarter, kShort, kAccumulated, kCheckpointed, kMoreData };

struct Memory {
  std::vector<double> measured, estimated;  // MiB, of each seed
};

train::TrainRecipe recipe_of(Lab& lab, const Setting& setting, const fs::path& text, int64_t seed) {
  train::TrainRecipe recipe = lab.pretraining(lab.domain(), lab.quick() ? 1 : 2, seed);
  recipe.model = base::parse_yaml(kLargeModel, "lab");
  recipe.data.train = {text.string()};
  train::TrainOptions& o = recipe.train;
  o.optimizer = "adamw", o.lr = 1e-3, o.warmup = 0;
  o.batch = setting.batch, o.length = setting.length, o.accumulation = setting.accumulation;
  o.activation_checkpointing = setting.checkpointing;
  return recipe;
}

void measure(Lab& lab, const Setting& setting, int64_t seed, Memory& memory) {
  const fs::path text = lab.options().out / cat("text/times-", setting.data, ".txt");
  if (!fs::exists(text)) {
    std::string all;
    for (int i = 0; i < setting.data; ++i) all += base::read_text_file(lab.domain().train);
    base::write_file(text, all);
  }
  const train::TrainRecipe recipe = recipe_of(lab, setting, text, seed);
  const fs::path folder = lab.new_folder("child"), file = folder / "recipe.yaml";
  fs::create_directories(folder);
  base::write_file(file, train::recipe_to_yaml(recipe));
  const std::vector<std::string> environment = {"ATHANOR_RUNS=" + fs::absolute(folder / "runs.db").string()};
  const auto run = [&](std::vector<std::string> words) { return run_child(app::learn_program(), words, environment, folder); };
  memory.measured.push_back(run({"train", file.string()}).peak_mib);
  const base::Json estimate = base::parse_json(run({"estimate", file.string(), "--json"}).out, "lab.oom", "athanor estimate");
  memory.estimated.push_back(estimate["total"].get<double>() / (1 << 20));
  fs::remove_all(recipe.out);
  lab.advance(1, setting.name);
}

/// The largest distance of an estimate from what was measured, of each seed, as a part of it.
std::vector<double> worst(const std::vector<Memory>& all) {
  std::vector<double> out(all[0].measured.size(), 0);
  for (const Memory& memory : all)
    for (size_t i = 0; i < out.size(); ++i) out[i] = std::max(out[i], std::abs(memory.estimated[i] / memory.measured[i] - 1));
  return out;
}

std::vector<Claim> judge(const std::vector<Memory>& all) {
  const auto saved = [&](size_t i) { return difference(all[kReference].measured, all[i].measured); };
  const auto lowers = [&](const char* sentence, size_t i) {
    return Claim{
        sentence, judge_above(saved(i), 0),
        cat("It saves ", estimate_text(saved(i), 0), " MiB of ", base::fixed(estimate(all[kReference].measured).mean, 0), ".")};
  };
  const double least = 0.03 * estimate(all[kReference].measured).mean;
  const Estimate more = difference(all[kMoreData].measured, all[kReference].measured), off = estimate(worst(all));
  return {{"More samples need more memory (3 %).", judge_above(more, least),
           cat("Four times the text: ", estimate_text(more, 1), " MiB more.")},
          lowers("A smaller batch needs less.", kHalf),
          lowers("Shorter rows need less.", kShort),
          lowers("Gradient accumulation with the same tokens per step needs less.", kAccumulated),
          lowers("Activation checkpointing needs less.", kCheckpointed),
          {"`athanor estimate` is within 10 % of the peak in every setting.", judge_near(off, 0, 0.10),
           cat("The worst is ", base::fixed(100 * off.mean, 1), " % off.")}};
}

}  // namespace

Answer run_oom(Lab& lab) {
  lab.plan(lab.seeds() * static_cast<int64_t>(std::size(kSettings)));
  std::vector<Memory> all(std::size(kSettings));
  for (int64_t seed = 0; seed < lab.seeds(); ++seed)
    for (size_t i = 0; i < all.size(); ++i) measure(lab, kSettings[i], seed, all[i]);
  Answer answer;
  answer.claims = judge(all);
  answer.table = {"setting", {{"peak, MiB", 1}, {"athanor estimate, MiB", 1}}, {}};
  answer.plot = {"Memory at the peak of training a llama of 3.3 M parameters", "MiB", "", {}};
  answer.plot.series = {{"measured", {}}, {"athanor estimate", {}}};
  for (size_t i = 0; i < all.size(); ++i) {
    answer.table.rows.push_back({kSettings[i].name, {all[i].measured, all[i].estimated}});
    answer.plot.rows.emplace_back(kSettings[i].name);
    const Estimate measured = estimate(all[i].measured), estimated = estimate(all[i].estimated);
    answer.plot.series[0].marks.push_back({measured.mean, static_cast<double>(i), measured.sd, 0});
    answer.plot.series[1].marks.push_back({estimated.mean, static_cast<double>(i), 0, 0});
  }
  answer.setting = {{"model", "llama, 3.3 M parameters (width 256, 4 layers, vocabulary 512), f32, AdamW"},
                    {"run", "`athanor train`, 2 steps, a process of its own each time; the peak is VmHWM"},
                    {"data", cat(lab.domain().name, ", ", fs::file_size(lab.domain().train), " bytes, and four times that")},
                    {"seeds", cat(lab.seeds())}};
  return answer;
}

}  // namespace athanor::lab

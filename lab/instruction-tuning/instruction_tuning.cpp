// Instruction tuning (Wei et al. 2022, FLAN, arXiv:2109.01652) or prompt tuning (Lester et al. 2021, arXiv:2104.08691; P-tuning:
// Liu et al. 2021, arXiv:2103.10385). Sixteen tasks on four words (word_tasks.h). One task is held out, another one in every seed.
//   instruction tuning   every weight learns the fifteen others, mixed, each told in words; then the held-out task is told in words
//   prompt tuning        no weight learns; n embeddings before the words learn, anew for each task, and nothing is told
// Prompt tuning has no prompt for a task that it was not shown: zero-shot it takes the prompt of another task, the best of them.
// Four tasks, each place and each form once, stand for the fifteen. Measured on words in orders that training never had: greedy
// answers that are right to the last character, and the right answer's loss.

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/mapped_file.h"
#include "lab/experiment.h"
#include "lab/instruction-tuning/task_reader.h"
#include "lab/instruction-tuning/word_tasks.h"
#include "lab/lab.h"

namespace athanor::lab {
namespace {

namespace fs = std::filesystem;
using base::cat;

constexpr int64_t kPretrained = 150, kInstructed = 300, kPrompted = 80;  // steps
constexpr int64_t kVirtual = 8;                                          // tokens of a prompt
constexpr size_t kExamples = 20'000, kAsked = 40;                        // learned of all tasks; asked of each
constexpr size_t kMeasured = 10'000;                                     // bytes of the general text
constexpr double kGuess = 100.0 / kPlaces;                               // the right form with one of the four words

struct Way {
  const char* name;
  const char* method;
  bool instructed;  // begins with the instruction-tuned model
  double rate;
};
constexpr Way kWays[] = {{"prompt tuning", "prompt-tuning", false, 0.1},
                         {"P-tuning", "p-tuning", false, 3e-3},
                         {"prompt tuning on the instruction-tuned model", "prompt-tuning", true, 0.1}};
constexpr size_t kPrompt = 0, kOnInstructed = 2;

/// Of each seed. exact in %, nats per token of the right answer.
struct Scores {
  std::vector<double> exact, nats, zero_shot, shown, general, in_front, numbers, kilobytes;
};

class Experimenter {
 public:
  explicit Experimenter(Lab& lab)
      : lab_(lab),
        words_(lab.general().train, *text::load_tokenizer(lab.tokenizer())),
        general_(base::read_text_file(lab.beginning(lab.general().held_out, lab.quick() ? 1000 : kMeasured))),
        asked_(lab.quick() ? 3 : kAsked) {}

  Answer run() {
    const auto prompts = static_cast<int64_t>(std::size(kWays) * (kPlaces + 1));
    lab_.plan(lab_.seeds() * (lab_.steps(kPretrained) + lab_.steps(kInstructed) + prompts * lab_.steps(kPrompted)));
    for (int64_t seed = 0; seed < lab_.seeds(); ++seed) run_seed(seed);
    return answer();
  }

 private:
  void run_seed(int64_t seed) {
    const auto s = static_cast<size_t>(seed);
    held_out_ = {s % kPlaces, (s + s / kPlaces) % kForms};
    shown_.clear();
    for (size_t i = 0; i < kPlaces; ++i) shown_.push_back({(held_out_.place + 1 + i) % kPlaces, (held_out_.form + i) % kForms});
    const train::TrainRecipe recipe = lab_.pretraining(lab_.general(), lab_.steps(kPretrained), seed);
    lab_.train(recipe);
    const fs::path base = recipe.out, instructed = instruct(base, seed);
    tell(base, told_), tell(instructed, instructed_);
    instructed_.numbers.push_back(numbers_), instructed_.kilobytes.push_back(kilobytes(instructed / "model.safetensors"));
    for (size_t way = 0; way < std::size(kWays); ++way)
      prompt(kWays[way], kWays[way].instructed ? instructed : base, seed, ways_[way]);
    fs::remove_all(base), fs::remove_all(instructed);
  }

  /// Every task but the held-out one, mixed and told in words; all weights learn.
  fs::path instruct(const fs::path& base, int64_t seed) {
    std::vector<WordTask> tasks = word_tasks();
    std::erase(tasks, held_out_);
    train::TrainRecipe recipe = tuning(base, tasks, true, kInstructed, seed);
    recipe.train.lr = 2e-3;
    learn(recipe);
    return recipe.out;
  }

  void prompt(const Way& way, const fs::path& model, int64_t seed, Scores& scores) {
    const std::vector<WordExample> unseen = words_.examples(held_out_, asked_, true, static_cast<uint64_t>(seed));
    Reading own;
    double zero_shot = 0, in_front = 0;
    std::vector<WordTask> tasks = shown_;
    tasks.push_back(held_out_);
    for (const WordTask& task : tasks) {
      train::TrainRecipe recipe = tuning(model, {task}, false, kPrompted, seed);
      recipe.adapter.method = way.method, recipe.adapter.virtual_tokens = kVirtual;
      recipe.train.lr = way.rate;
      learn(recipe);
      TaskReader reader(model, {recipe.out});
      const Reading read = reader.read(words_.examples(task, asked_, true, static_cast<uint64_t>(seed)), "");
      if (task == held_out_) {
        scores.shown.push_back(read.exact);
      } else {
        own.exact += read.exact / kPlaces, own.nats += read.nats / kPlaces, in_front += reader.general(general_) / kPlaces;
        zero_shot = std::max(zero_shot, reader.read(unseen, "").exact);
      }
      if (task == held_out_) scores.kilobytes.push_back(kilobytes(fs::path(recipe.out) / "adapter_model.safetensors"));
      fs::remove_all(recipe.out);
    }
    scores.exact.push_back(own.exact), scores.nats.push_back(own.nats), scores.zero_shot.push_back(zero_shot);
    scores.in_front.push_back(in_front), scores.numbers.push_back(numbers_);
    scores.general.push_back(TaskReader(model, {}).general(general_));
  }

  /// A model that is told in words what to do.
  void tell(const fs::path& model, Scores& scores) {
    TaskReader reader(model, {});
    Reading sum;
    const auto seed = static_cast<uint64_t>(scores.exact.size());
    for (const WordTask& task : shown_) {
      const Reading read = reader.read(words_.examples(task, asked_, true, seed), task.instruction());
      sum.exact += read.exact / kPlaces, sum.nats += read.nats / kPlaces;
    }
    scores.exact.push_back(sum.exact), scores.nats.push_back(sum.nats);
    scores.zero_shot.push_back(reader.read(words_.examples(held_out_, asked_, true, seed), held_out_.instruction()).exact);
    scores.general.push_back(reader.general(general_));
  }

  train::TrainRecipe tuning(const fs::path& start, const std::vector<WordTask>& tasks, bool told, int64_t steps, int64_t seed) {
    const fs::path file = lab_.options().out / "text" / (told ? "told.jsonl" : "shown.jsonl");
    words_.write(file, tasks, lab_.quick() ? 100 : kExamples / (told ? 1 : 4), told, static_cast<uint64_t>(seed));
    train::TrainRecipe recipe = lab_.tuning(start, file, lab_.steps(steps), seed);
    recipe.stage = "sft";
    recipe.train.batch = lab_.quick() ? 2 : 8;
    recipe.train.schedule = "linear", recipe.train.warmup = 0.05, recipe.train.min_lr = 0;
    return recipe;
  }

  void learn(const train::TrainRecipe& recipe) {
    lab_.train(recipe, [&](train::StartedModel& model) {
      numbers_ = 0;
      for (const train::Weight& weight : model.weights) numbers_ += static_cast<double>(weight.parameter.numel());
    });
  }

  static double kilobytes(const fs::path& file) { return static_cast<double>(fs::file_size(file)) / 1000; }

  std::vector<Claim> claims() const;
  Answer answer() const;

  Lab& lab_;
  WordTasks words_;
  std::string general_;
  size_t asked_;
  WordTask held_out_;
  std::vector<WordTask> shown_;  // stand for those that are learned
  double numbers_ = 0;           // that learned in the last run
  Scores told_, instructed_, ways_[std::size(kWays)];
};

std::vector<Claim> Experimenter::claims() const {
  const Scores &soft = ways_[kPrompt], &both = ways_[kOnInstructed];
  const Estimate apart = difference(instructed_.exact, soft.exact), kept = difference(soft.general, told_.general);
  const Estimate lost = difference(instructed_.general, told_.general), zero = estimate(instructed_.zero_shot);
  const Estimate better = difference(both.exact, soft.exact), reach = difference(both.exact, instructed_.exact);
  const auto percent = [](const std::vector<double>& values) { return cat(estimate_text(estimate(values), 1), " %"); };
  return {
      {"Instruction tuning answers more of the tasks that it learned than prompt tuning answers with a prompt for each.",
       judge_above(apart, 0), cat("Exact: ", percent(instructed_.exact), " against ", percent(soft.exact), ".")},
      {"Told a task that it never learned, the instruction-tuned model answers better than the right form with a random word.",
       judge_above(zero, kGuess), cat("Exact: ", percent(instructed_.zero_shot), "; a guess is ", base::fixed(kGuess, 1), " %.")},
      {"Prompt tuning leaves the model's general loss as it was.", judge_near(kept, 0, 1e-9),
       cat("It moves by ", estimate_text(kept, 6), " nats per byte.")},
      {"Instruction tuning loses general ability.", judge_above(lost, 0),
       cat("General text costs ", estimate_text(lost, 3), " nats per byte more.")},
      {"Prompt tuning does better on the instruction-tuned model than on the pretrained one.", judge_above(better, 0),
       cat("Exact: ", percent(both.exact), " against ", percent(soft.exact), ".")},
      {"There a prompt of 8 tokens does as well as the words (within 5 points).", judge_near(reach, 0, 5),
       cat("It is ", estimate_text(reach, 1), " points above them.")}};
}

Answer Experimenter::answer() const {
  Answer answer;
  answer.claims = claims();
  answer.table = {"way",
                  {{"exact, %", 1},
                   {"answer, nats per token", 3},
                   {"held out, zero-shot, %", 1},
                   {"held out, shown, %", 1},
                   {"general, nats per byte", 3},
                   {"general behind the prompt", 3},
                   {"numbers that learn", 0},
                   {"kB kept", 1}},
                  {}};
  answer.plot = {"Tasks on four words, by models of 0.27 M parameters", "exact answers, %", "", {}};
  answer.plot.series = {{"tasks that were learned", {}}, {"the held-out task, zero-shot", {}}};
  const auto show = [&](const char* name, const Scores& s) {
    answer.table.rows.push_back({name, {s.exact, s.nats, s.zero_shot, s.shown, s.general, s.in_front, s.numbers, s.kilobytes}});
    const auto row = static_cast<double>(answer.plot.rows.size());
    answer.plot.rows.emplace_back(name);
    answer.plot.series[0].marks.push_back({estimate(s.exact).mean, row, estimate(s.exact).sd, 0});
    answer.plot.series[1].marks.push_back({estimate(s.zero_shot).mean, row, estimate(s.zero_shot).sd, 0});
  };
  show("pretrained, told in words", told_), show("instruction tuning", instructed_);
  for (size_t way = 0; way < std::size(kWays); ++way) show(kWays[way].name, ways_[way]);
  answer.setting = {
      {"model", kModelText},
      {"pretrained", cat(lab_.steps(kPretrained), " steps of 8 x 128 tokens on ", lab_.general().name)},
      {"tasks", cat("the first, second, third or last of four words, once, twice, three times or in brackets; ", words_.words(),
                    " words of the general text; another task held out in each seed")},
      {"instruction tuning", cat(lab_.steps(kInstructed), " steps of 8 x 128 tokens, fifteen tasks mixed, AdamW, lr 2e-3")},
      {"prompts", cat(kVirtual, " virtual tokens, ", lab_.steps(kPrompted), " steps of 8 x 128 tokens for each task, AdamW, lr ",
                      kWays[0].rate, " (P-tuning ", kWays[1].rate, ")")},
      {"asked", cat(asked_, " questions of each task, with words in an order that training never had")},
      {"seeds", cat(lab_.seeds())}};
  return answer;
}

}  // namespace

Answer run_instruction_tuning(Lab& lab) { return Experimenter(lab).run(); }

}  // namespace athanor::lab

#include <ATen/ops/abs.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/max.h>
#include <ATen/ops/sum.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/train/loop.h"
#include "tests/learn/train/tiny_run.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::train {
namespace {

constexpr int64_t kMicroBatches = 40;

/// What goes wrong in a step, and where.
enum class Fault { kNone, kLoss, kGradient };

/// The golden's micro-batches, with `faults` at some indices and `skips` taken out of the sequence.
class GoldenObjective : public Objective {
 public:
  GoldenObjective(nn::Decoder& decoder, const testing::Golden& golden) : decoder_(decoder) {
    ids_ = nn::tensor_over(golden.array("ids")), targets_ = nn::tensor_over(golden.array("targets"));
  }

  Work work(int64_t index) override {
    int64_t place = index;
    for (int64_t skipped : skips) place += place >= skipped;
    const at::Tensor ids = ids_.select(0, place % kMicroBatches), targets = targets_.select(0, place % kMicroBatches);
    const int64_t count = targets.ne(-100).sum().item<int64_t>();
    auto fault = faults.find(index);
    return {count, targets.numel(), [=, this] {
              at::Tensor loss = decoder_.loss({ids}, targets);
              if (fault == faults.end()) return loss;
              if (fault->second == Fault::kLoss) return loss.mul(std::numeric_limits<double>::quiet_NaN());
              // finite forward, infinite backward: the derivative of sqrt at 0
              return loss.add(loss.detach().sub(loss).sqrt());
            }};
  }

  std::optional<Evaluation> evaluate() override { return std::nullopt; }
  double epochs_per_batch() const override { return 0.01; }

  std::map<int64_t, Fault> faults;
  std::vector<int64_t> skips;

 private:
  nn::Decoder& decoder_;
  at::Tensor ids_, targets_;
};

/// A run over the golden's model and batches.
struct GoldenRun {
  explicit GoldenRun(const std::vector<std::string>& assignments = {}, at::ScalarType type = at::kFloat) {
    base::Node tree = base::parse_yaml(
        "model: F\nout: O\ntrain: {steps: 20, batch: 2, length: 16, accumulation: 2, lr: 1e-2, warmup: 4, min_lr: 0.1, clip: 1.0, "
        "log_every: 1}\n",
        "r");
    for (const std::string& assignment : assignments)
      tree.assign(assignment.substr(0, assignment.find('=')), assignment.substr(assignment.find('=') + 1));
    recipe = read_recipe(tree);
    nn::DecoderOptions options;
    options.dtype = type;
    decoder = std::make_unique<nn::Decoder>(models::decoder_from_config(golden.json()["config"]), options);
    weights = collect_weights(*decoder, "");
    for (Weight& weight : weights) weight.master.copy_(nn::tensor_over(golden.array("weight." + weight.name)));
    round_to_parameters(weights);
    objective = std::make_unique<GoldenObjective>(*decoder, golden);
  }

  TrainResult run() {
    RunFolder run_folder(folder.path());
    TrainHooks hooks;
    hooks.history = false;
    LoopParts parts{*objective, weights, recipe,
                    run_folder, "key",   [](const std::filesystem::path& to) { base::write_file(to / "config.json", "{}"); },
                    hooks};
    return run_loop(parts, std::nullopt);
  }

  testing::Golden golden{"learn_train/loop"};
  testing::TempFolder folder;
  TrainRecipe recipe;
  std::unique_ptr<nn::Decoder> decoder;
  std::vector<Weight> weights;
  std::unique_ptr<GoldenObjective> objective;
};

bool same_weights(const GoldenRun& a, const GoldenRun& b) {
  for (size_t i = 0; i < a.weights.size(); ++i)
    if (!a.weights[i].master.equal(b.weights[i].master)) return false;
  return true;
}

double largest_difference(const GoldenRun& a, const GoldenRun& b) {
  double largest = 0;
  for (size_t i = 0; i < a.weights.size(); ++i)
    largest = std::max(largest, a.weights[i].master.sub(b.weights[i].master).abs().max().item<double>());
  return largest;
}

TEST(Loop, TheCurveIsPyTorchs) {
  GoldenRun run;
  const TrainResult result = run.run();
  const std::vector<float> loss = run.golden.floats("loss"), norm = run.golden.floats("grad_norm"), lr = run.golden.floats("lr");
  ASSERT_EQ(result.log.size(), 20u);
  for (size_t i = 0; i < 20; ++i) {
    const LogEntry::Training& got = *result.log[i].training;
    EXPECT_NEAR(got.loss, loss[i], run.golden.tolerance("loss") * loss[i]) << i;
    EXPECT_NEAR(got.grad_norm, norm[i], run.golden.tolerance("grad_norm") * norm[i]) << i;
    EXPECT_NEAR(got.lr, lr[i], run.golden.tolerance("lr")) << i;
  }
  EXPECT_LT(result.log.back().training->loss, 0.9 * result.log.front().training->loss);
}

TEST(Loop, Bf16FollowsTheSameCurve) {
  GoldenRun run({"train.dtype=bf16"}, at::kBFloat16);
  const TrainResult result = run.run();
  const std::vector<float> loss = run.golden.floats("loss");
  for (size_t i = 0; i < 20; ++i) EXPECT_NEAR(result.log[i].training->loss, loss[i], 0.03 * loss[i]) << i;
}

TEST(Loop, ThreadsDoNotChangeABit) {
  GoldenRun one;
  one.run();
  use_test_threads(2);
  GoldenRun two;
  two.run();
  use_test_threads(1);
  EXPECT_TRUE(same_weights(one, two));
}

TEST(Loop, AStepThatIsNotFiniteIsLeftOut) {
  for (Fault fault : {Fault::kLoss, Fault::kGradient}) {
    GoldenRun faulty({"train.schedule=constant", "train.warmup=0", "train.accumulation=1", "train.steps=13"});
    faulty.objective->faults = {{3, fault}, {4, fault}, {9, fault}};
    const TrainResult result = faulty.run();
    EXPECT_EQ(result.skipped, 3);
    GoldenRun clean({"train.schedule=constant", "train.warmup=0", "train.accumulation=1", "train.steps=10"});
    clean.objective->skips = {3, 4, 9};
    clean.run();
    EXPECT_TRUE(same_weights(faulty, clean)) << largest_difference(faulty, clean);
  }
}

TEST(Loop, OneBadMicroBatchLeavesOutTheWholeStep) {
  GoldenRun run;
  run.objective->faults = {{7, Fault::kLoss}};
  EXPECT_EQ(run.run().skipped, 1);
  for (const Weight& weight : run.weights) EXPECT_TRUE(weight.master.isfinite().all().item<bool>());
}

void expect_end(GoldenRun& run, const std::string& text) {
  try {
    run.run();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(Loop, FiveBadStepsInARowEndTheRun) {
  GoldenRun run({"train.accumulation=1", "train.save_every=4", "train.keep=9"});
  for (int64_t index = 6; index < 20; ++index) run.objective->faults[index] = Fault::kLoss;
  expect_end(run, "loss is not finite in 5 steps up to step 11");
  EXPECT_EQ(RunFolder(run.folder.path()).checkpoints(), (std::vector<int64_t>{4, 8}));
  for (int64_t step : {4, 8}) {
    EXPECT_EQ(manifest_problem(run.folder / base::cat("checkpoint-", step)), "");
    const auto saved = checkpoint::Checkpoint::open(run.folder / base::cat("checkpoint-", step));
    for (const auto& array : saved.arrays())
      for (float value : checkpoint::to_f32(array.array, array.name)) ASSERT_TRUE(std::isfinite(value));
  }
}

TEST(Loop, StopEndsAtTheFirstBadStepAndNamesTheCheckpoint) {
  GoldenRun run({"train.accumulation=1", "train.save_every=4", "train.on_nonfinite=stop"});
  run.objective->faults = {{5, Fault::kGradient}};
  expect_end(run, "gradient is not finite in 1 steps up to step 6");
  GoldenRun again({"train.accumulation=1", "train.save_every=4", "train.on_nonfinite=stop"});
  again.objective->faults = {{5, Fault::kGradient}};
  expect_end(again, "checkpoint-4");
}

TEST(Loop, WeightsThatAreNotFiniteAreNotSaved) {
  GoldenRun run({"train.steps=2", "train.save_every=1"});
  run.weights[2].master.view({-1})[3] = std::numeric_limits<float>::quiet_NaN();
  run.recipe.train.on_nonfinite = "skip";
  expect_end(run, "is not finite");
  EXPECT_TRUE(RunFolder(run.folder.path()).checkpoints().empty());
}

TEST(Loop, TwoHalvesAreOneWhole) {
  // Golden rows as one batch of four, and as two of two.
  GoldenRun halves;
  halves.run();
  class Whole : public Objective {
   public:
    Whole(nn::Decoder& decoder, const testing::Golden& golden)
        : decoder_(decoder),
          ids_(nn::tensor_over(golden.array("ids")).view({20, 4, 16})),
          targets_(nn::tensor_over(golden.array("targets")).view({20, 4, 16})) {}
    Work work(int64_t index) override {
      const at::Tensor ids = ids_.select(0, index), targets = targets_.select(0, index);
      return {targets.ne(-100).sum().item<int64_t>(), 64, [=, this] { return decoder_.loss({ids}, targets); }};
    }
    std::optional<Evaluation> evaluate() override { return std::nullopt; }
    double epochs_per_batch() const override { return 0.01; }
    nn::Decoder& decoder_;
    at::Tensor ids_, targets_;
  };
  GoldenRun whole({"train.accumulation=1", "train.batch=4"});
  Whole objective(*whole.decoder, whole.golden);
  RunFolder folder(whole.folder.path());
  TrainHooks hooks;
  hooks.history = false;
  run_loop({objective, whole.weights, whole.recipe, folder, "key",
            [](const std::filesystem::path& to) { base::write_file(to / "config.json", "{}"); }, hooks},
           std::nullopt);
  EXPECT_LE(largest_difference(halves, whole), 1e-4);
}

}  // namespace
}  // namespace athanor::train

// Which of LoRA's two matrices may begin at zero (Hu et al. 2021, arXiv:2106.09685).
//   y = W x + s B A x     A [r, in], B [out, r]
//   dL/dA = s B^T (dL/dy) x^T     dL/dB = s (dL/dy) (A x)^T
// One matrix at zero: the product is zero, so nothing changes at first, and the gradient of the zero one is not zero. Both at zero:
// both gradients are zero, for ever. The same small model, tuned four times.

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "athanor/core/base/cat.h"
#include "lab/experiment.h"
#include "lab/lab.h"

namespace athanor::lab {
namespace {

using base::cat;

constexpr int64_t kPretrained = 120, kTuned = 60;  // steps
constexpr size_t kBytes = 100'000;                 // of the domain

struct Start {
  const char* name;
  bool a_random, b_random;
};
constexpr Start kStarts[] = {
    {"A random, B zero", true, false}, {"A zero, B random", false, true}, {"both zero", false, false}, {"both random", true, true}};

/// Uniform in +-1/sqrt(columns), as a new linear layer begins, or zero. A numbers' generator of our own: any spread will do here.
void fill(at::Tensor& matrix, bool random, uint64_t& state) {
  at::NoGradGuard no_grad;
  at::Tensor values = matrix.detach().cpu().to(at::kFloat).contiguous();
  const double limit = random ? 1 / std::sqrt(static_cast<double>(matrix.size(1))) : 0;
  for (float& value : std::span(values.mutable_data_ptr<float>(), static_cast<size_t>(values.numel()))) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<float>(limit * (2 * static_cast<double>(state >> 11) * 0x1p-53 - 1));
  }
  matrix.copy_(values);
}

void start_as(const Start& start, int64_t seed, train::StartedModel& model) {
  uint64_t state = static_cast<uint64_t>(seed) + 1;
  for (train::Weight& weight : model.weights) {
    const bool a = weight.name.ends_with("lora_A.weight");
    fill(weight.parameter, a ? start.a_random : start.b_random, state);
  }
}

struct Losses {
  std::vector<double> before, after, moved;  // moved: |after - before|
};

Losses tune(Lab& lab, const std::vector<std::filesystem::path>& bases, const Start& start) {
  const std::filesystem::path text = lab.beginning(lab.domain().train, kBytes);
  Losses losses;
  for (int64_t seed = 0; seed < lab.seeds(); ++seed) {
    train::TrainRecipe recipe = lab.tuning(bases[static_cast<size_t>(seed)], text, lab.steps(kTuned), seed);
    recipe.adapter.method = "lora", recipe.adapter.r = 8, recipe.adapter.alpha = 16;
    recipe.train.lr = 2e-3;
    recipe.data.watch = {lab.domain().held_out.string()};
    const auto result = lab.train(recipe, [&](train::StartedModel& model) { start_as(start, seed, model); });
    const auto [before, after] = watched_per_byte(result, lab.domain());
    losses.before.push_back(before), losses.after.push_back(after), losses.moved.push_back(std::abs(after - before));
  }
  return losses;
}

/// Learning is judged against what the model knew without an adapter, and against the usual start.
std::vector<Claim> judge(const std::vector<double>& base, const std::vector<Losses>& all) {
  const auto learned = [&](size_t i) { return difference(base, all[i].after); };
  const auto shifted = [&](size_t i) { return difference(all[i].before, base); };
  const auto gain = [&](size_t i) { return estimate_text(learned(i), 3); };
  std::vector<Claim> claims;
  claims.push_back({"With one matrix at zero, whichever, the first answers are the model's own and it learns.",
                    both(both(judge_near(shifted(0), 0, 1e-6), judge_near(shifted(1), 0, 1e-6)),
                         both(judge_above(learned(0), 0), judge_above(learned(1), 0))),
                    cat("Held-out text falls by ", gain(0), " (B zero) and ", gain(1), " (A zero) nats per byte.")});
  claims.push_back({"With both at zero nothing is ever learned, so \"all zeros\" cannot be how LoRA begins.",
                    judge_near(estimate(all[2].moved), 0, 0),
                    cat("The loss moved by ", estimate(all[2].moved).mean, " in all steps together.")});
  claims.push_back({"With both random the start is worse than the model.", judge_above(shifted(3), 0),
                    cat("By ", estimate_text(shifted(3), 3), " nats per byte at first; after tuning it gained ", gain(3), ".")});
  const Estimate apart = difference(all[1].after, all[0].after);
  claims.push_back({"Which of the two begins at zero hardly matters (0.01 nats per byte).", judge_near(apart, 0, 0.01),
                    cat("A at zero ends ", estimate_text(apart, 3), " nats per byte above B at zero.")});
  return claims;
}

}  // namespace

Answer run_lora_init(Lab& lab) {
  const int64_t first = lab.steps(kPretrained), tuned = lab.steps(kTuned);
  lab.plan(lab.seeds() * (first + tuned * static_cast<int64_t>(std::size(kStarts))));
  std::vector<std::filesystem::path> bases;
  std::vector<double> base;
  for (int64_t seed = 0; seed < lab.seeds(); ++seed) {
    train::TrainRecipe recipe = lab.pretraining(lab.general(), first, seed);
    recipe.data.watch = {lab.domain().held_out.string()};
    base.push_back(watched_per_byte(lab.train(recipe), lab.domain()).after);
    bases.emplace_back(recipe.out);
  }
  Answer answer;
  answer.table = {"start", {{"before, nats per byte", 4}, {"after", 4}}, {{"the model without LoRA", {base, {}}}}};
  answer.plot = {"What a model with LoRA learns, by how its matrices begin", "nats per byte of held-out plays", "", {}};
  answer.plot.series = {{"before", {}}, {"after", {}}};
  std::vector<Losses> all;
  for (const Start& start : kStarts) {
    all.push_back(tune(lab, bases, start));
    const auto row = static_cast<double>(answer.plot.rows.size());
    answer.table.rows.push_back({start.name, {all.back().before, all.back().after}});
    answer.plot.rows.emplace_back(start.name);
    for (size_t side = 0; side < 2; ++side) {
      const Estimate e = estimate(side == 0 ? all.back().before : all.back().after);
      answer.plot.series[side].marks.push_back({e.mean, row, e.sd, 0});
    }
  }
  answer.claims = judge(base, all);
  answer.setting = {{"model", kModelText},
                    {"pretrained", cat(first, " steps on ", lab.general().name)},
                    {"tuned", cat(tuned, " steps of 4 x 128 tokens on the first 100 kB of ", lab.domain().name,
                                  ", LoRA r 8, alpha 16, all linear layers, lr 2e-3")},
                    {"seeds", cat(lab.seeds())}};
  return answer;
}

}  // namespace athanor::lab

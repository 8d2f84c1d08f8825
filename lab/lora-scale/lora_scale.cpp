// Does alpha keep the best learning rate where it is when the rank changes? Hu et al. 2021 multiply the product by alpha / r,
// Kalajdzievski 2023 (rsLoRA, arXiv:2312.03732) by alpha / sqrt(r). For both, and for ranks far apart, one model is tuned over a
// grid of learning rates; the best rate is the vertex of the parabola through the best point and its neighbours, over log2 of the
// rate.
//   slope = d log2(best rate) / d log2(r)     0: the rate need not be tuned again; 1/2: it grows with the root of the rank
// and |dW| = |s B A| over all layers, which says how large the update became at one rate.

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "athanor/core/base/cat.h"
#include "lab/experiment.h"
#include "lab/lab.h"

namespace athanor::lab {
namespace {

using base::cat;

constexpr int64_t kRanks[] = {2, 8, 32};
constexpr double kRates[] = {1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2};
constexpr size_t kMiddle = 2;  // of kRates: where |dW| is compared
constexpr double kAlpha = 16;
constexpr int64_t kPretrained = 80, kTuned = 16;  // steps
constexpr size_t kBytes = 100'000;                // of the domain
constexpr size_t kMeasured = 10'000;              // of what is held out
constexpr const char* kScales[] = {"alpha / r", "alpha / sqrt(r)"};

struct Run {
  double loss = 0, size = 0;  // nats per byte after tuning; |dW|
};

/// Frobenius norm of s B A over all layers.
double update_size(const std::vector<train::Weight>& weights, double scale) {
  at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> by_name;
  for (const train::Weight& weight : weights) by_name[weight.name] = weight.parameter;
  double squares = 0;
  for (const auto& [name, a] : by_name) {
    if (!name.ends_with("lora_A.weight")) continue;
    const at::Tensor& b = by_name.at(name.substr(0, name.size() - 8) + "B.weight");
    squares += at::matmul(b, a).square().sum().item<double>();
  }
  return scale * std::sqrt(squares);
}

Run tune(Lab& lab, const std::filesystem::path& start, int64_t rank, bool root, double rate, int64_t seed) {
  train::TrainRecipe recipe = lab.tuning(start, lab.beginning(lab.domain().train, kBytes), lab.steps(kTuned), seed);
  recipe.adapter.method = "lora", recipe.adapter.r = rank, recipe.adapter.alpha = kAlpha, recipe.adapter.rslora = root;
  recipe.train.lr = rate;
  const Corpus measured = lab.measured_on(lab.domain(), kMeasured);
  recipe.data.watch = {measured.held_out.string()};
  std::vector<train::Weight> weights;
  const auto result = lab.train(recipe, [&](train::StartedModel& model) { weights = model.weights; });
  const auto r = static_cast<double>(rank);
  std::filesystem::remove_all(recipe.out);
  return {watched_per_byte(result, measured).after, update_size(weights, kAlpha / (root ? std::sqrt(r) : r))};
}

/// log2 of the best rate; the vertex of the parabola through the best point and its neighbours. At the grid's end, that end.
double best_rate(const std::vector<double>& losses) {
  size_t best = 0;
  for (size_t i = 1; i < losses.size(); ++i)
    if (losses[i] < losses[best]) best = i;
  double at = std::log2(kRates[best]);
  if (best > 0 && best + 1 < losses.size()) {
    const double left = losses[best - 1], right = losses[best + 1], bend = left - 2 * losses[best] + right;
    if (bend > 0) at += 0.5 * (left - right) / bend;
  }
  return at;
}

/// Least squares through (log2 r, log2 best rate).
double slope_of(const std::vector<double>& best) {
  double x_mean = 0, y_mean = 0, xy = 0, xx = 0;
  const auto n = static_cast<double>(best.size());
  for (size_t i = 0; i < best.size(); ++i) x_mean += std::log2(static_cast<double>(kRanks[i])) / n, y_mean += best[i] / n;
  for (size_t i = 0; i < best.size(); ++i) {
    const double x = std::log2(static_cast<double>(kRanks[i])) - x_mean;
    xy += x * (best[i] - y_mean), xx += x * x;
  }
  return xy / xx;
}

/// Everything of one scaling: per rank and rate the runs of the seeds.
struct Grid {
  std::vector<std::vector<std::vector<Run>>> runs;  // [rank][rate][seed]
  std::vector<double> losses(size_t rank, size_t seed) const {
    std::vector<double> out;
    for (const auto& at_rate : runs[rank]) out.push_back(at_rate[seed].loss);
    return out;
  }
};

Grid run_grid(Lab& lab, const std::vector<std::filesystem::path>& bases, bool root) {
  Grid grid;
  for (int64_t rank : kRanks) {
    auto& of_rank = grid.runs.emplace_back();
    for (double rate : kRates) {
      auto& of_rate = of_rank.emplace_back();
      for (int64_t seed = 0; seed < lab.seeds(); ++seed)
        of_rate.push_back(tune(lab, bases[static_cast<size_t>(seed)], rank, root, rate, seed));
    }
  }
  return grid;
}

struct Found {
  std::vector<std::vector<double>> best;    // [rank][seed], log2 of the best rate
  std::vector<std::vector<double>> lowest;  // [rank][seed], the loss there on the grid
  std::vector<std::vector<double>> size;    // [rank][seed], |dW| at the middle rate
  std::vector<double> slopes, size_slopes;  // [seed]
};

Found look(const Grid& grid, size_t seeds) {
  Found found;
  for (size_t r = 0; r < std::size(kRanks); ++r) {
    found.best.emplace_back(), found.lowest.emplace_back(), found.size.emplace_back();
    for (size_t seed = 0; seed < seeds; ++seed) {
      const std::vector<double> losses = grid.losses(r, seed);
      found.best[r].push_back(best_rate(losses));
      found.lowest[r].push_back(*std::min_element(losses.begin(), losses.end()));
      found.size[r].push_back(grid.runs[r][kMiddle][seed].size);
    }
  }
  for (size_t seed = 0; seed < seeds; ++seed) {
    std::vector<double> best, size;
    for (size_t r = 0; r < std::size(kRanks); ++r)
      best.push_back(found.best[r][seed]), size.push_back(std::log2(found.size[r][seed]));
    found.slopes.push_back(slope_of(best)), found.size_slopes.push_back(slope_of(size));
  }
  return found;
}

std::vector<Claim> judge(const Found& plain, const Found& root) {
  const Estimate a = estimate(plain.slopes), b = estimate(root.slopes);
  const auto slopes = [](const Found& f) { return estimate_text(estimate(f.slopes), 2); };
  std::vector<double> shrink;
  for (double slope : plain.size_slopes) shrink.push_back(-slope);
  return {{"With alpha / r the best learning rate need not change with the rank (slope within 0.15 of 0).", judge_near(a, 0, 0.15),
           cat("log2(best rate) moves by ", slopes(plain), " for each doubling of r.")},
          {"With alpha / sqrt(r) it need not change (slope within 0.15 of 0).", judge_near(b, 0, 0.15),
           cat("It moves by ", slopes(root), ".")},
          {"At one learning rate the update shrinks as r grows with alpha / r.", judge_above(estimate(shrink), 0),
           cat("log2 |dW| moves by ", estimate_text(estimate(plain.size_slopes), 2),
               " for each doubling of r; with alpha / sqrt(r) by ", estimate_text(estimate(root.size_slopes), 2), ".")}};
}

void show(Answer& answer, const char* scale, const Found& found) {
  app::PlotSeries series{scale, {}, true};
  for (size_t r = 0; r < std::size(kRanks); ++r) {
    std::vector<double> rates;
    for (double best : found.best[r]) rates.push_back(1e3 * std::exp2(best));
    answer.table.rows.push_back({cat(scale, ", r ", kRanks[r]), {rates, found.lowest[r], found.size[r]}});
    const Estimate e = estimate(rates);
    series.marks.push_back({static_cast<double>(kRanks[r]), e.mean, 0, e.sd});
  }
  answer.plot.series.push_back(series);
}

}  // namespace

Answer run_lora_scale(Lab& lab) {
  const int64_t first = lab.steps(kPretrained), tuned = lab.steps(kTuned), seeds = lab.seeds();
  lab.plan(seeds * (first + 2 * static_cast<int64_t>(std::size(kRanks) * std::size(kRates)) * tuned));
  std::vector<std::filesystem::path> bases;
  for (int64_t seed = 0; seed < seeds; ++seed) {
    const train::TrainRecipe recipe = lab.pretraining(lab.general(), first, seed);
    lab.train(recipe);
    bases.emplace_back(recipe.out);
  }
  const Found plain = look(run_grid(lab, bases, false), static_cast<size_t>(seeds));
  const Found root = look(run_grid(lab, bases, true), static_cast<size_t>(seeds));
  Answer answer;
  answer.claims = judge(plain, root);
  answer.table = {"scale and rank",
                  {{"best rate, thousandths", 2}, {"lowest loss, nats per byte", 4}, {cat("|dW| at ", kRates[kMiddle]), 2}},
                  {}};
  answer.plot = {"The best learning rate of LoRA over the rank", "rank r", "best learning rate, thousandths", {}, true, true};
  show(answer, kScales[0], plain), show(answer, kScales[1], root);
  answer.setting = {{"model", kModelText},
                    {"pretrained", cat(first, " steps on ", lab.general().name)},
                    {"tuned", cat(tuned, " steps of 4 x 128 tokens on the first 100 kB of ", lab.domain().name,
                                  ", LoRA on all linear layers, alpha ", kAlpha)},
                    {"learning rates", "0.001 to 0.032, each twice the one before"},
                    {"seeds", cat(seeds)}};
  return answer;
}

}  // namespace athanor::lab

#include "athanor/learn/train/memory_estimate.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/learn/adapters/adapter.h"
#include "athanor/learn/adapters/four_bits.h"
#include "athanor/learn/nn/device.h"
#include "athanor/learn/train/activation_estimate.h"
#include "athanor/learn/train/optimizer.h"

namespace athanor::train {
namespace {

/// The program with libtorch mapped and its thread pool running, before any tensor; measured with torch 2.15.
constexpr double kProgramBytes = 140e6;
/// What comes and goes leaves gaps in the heap, and gradients find few gaps of their size among the activations that the backward
/// pass has freed. Fitted to fourteen shapes of up to 49 million parameters, all of which it meets within 6 %.
constexpr double kActivationGaps = 1.28;
constexpr double kGradientGaps = 1.17;
/// Sums of gradients stay while the next ones come. Fitted to two shapes of 3.3 million parameters.
constexpr double kSumGaps = 1.9;
/// Beside frozen layers there are no gradients of weights that would fill the gaps again. Fitted to LoRA on all layers and on two.
constexpr double kAdapterGaps = 1.48;

/// The model as the run will have it, without memory.
struct Plan {
  std::unique_ptr<nn::Decoder> decoder;
  double weights = 0;         // bytes of what does not learn and of what computes
  double learned_bytes = 0;   // of parameters that learn, in the type that computes
  double learned_narrow = 0;  // numbers of them that have an f32 master beside
  int64_t parameters = 0, learned = 0;
};

Plan plan_of(const models::DecoderModel& model, const TrainRecipe& recipe) {
  Plan plan;
  nn::DecoderOptions options;
  options.dtype = recipe.train.dtype == "bf16" ? at::kBFloat16 : at::kFloat;
  options.without_memory = true;
  plan.decoder = std::make_unique<nn::Decoder>(model, options);
  const bool four_bits = recipe.adapter.on() && recipe.adapter.quantize == "nf4";
  if (recipe.adapter.on()) {
    adapters::AdapterOptions wide = recipe.adapter;
    wide.quantize = "none", wide.init = "kaiming";
    adapters::attach_adapter({*plan.decoder, wide, 0, false});
  }
  const double number = four_bits ? adapters::nf4_bytes_per_number(recipe.adapter.double_quant) : 0;
  if (four_bits) {
    for (const std::string& path : adapters::paths_for_four_bits(*plan.decoder)) {
      at::Tensor weight = plan.decoder->find(path)->parameter("weight");
      plan.weights += number * static_cast<double>(weight.numel()) - static_cast<double>(weight.nbytes());
    }
  }
  for (auto& [name, tensor] : plan.decoder->named_parameters()) {
    plan.parameters += tensor->numel();
    plan.weights += static_cast<double>(tensor->nbytes());
    if (!tensor->requires_grad()) continue;
    plan.learned += tensor->numel();
    plan.learned_bytes += static_cast<double>(tensor->nbytes());
    if (tensor->scalar_type() != at::kFloat) plan.learned_narrow += static_cast<double>(tensor->numel());
  }
  return plan;
}

double regularizer_bytes(const TrainRecipe& recipe, double learned) {
  if (recipe.regularizer.method.empty()) return 0;
  return learned * (recipe.regularizer.method == "ewc" ? 8 : 4);  // where the run began, and how much each weight matters
}

/// Both passes, without what lies beside them all the time.
std::pair<double, double> pass_bytes(nn::Decoder& decoder, const TrainRecipe& recipe) {
  const ActivationBytes a = activation_bytes(decoder, recipe);
  const bool again = recipe.train.activation_checkpointing;
  const double layers = static_cast<double>(a.kept.size()), largest = *std::max_element(a.kept.begin(), a.kept.end());
  // Recomputed layers give their memory back at once (run.cpp), and what passes in one takes the place of what it kept.
  const double gaps = again ? 1 : recipe.adapter.on() ? kAdapterGaps : kActivationGaps;
  const double kept = again ? largest + layers * a.input : std::accumulate(a.kept.begin(), a.kept.end(), 0.0);
  return {gaps * (kept + 2 * a.input), gaps * std::max(a.head, again ? 2 * a.input : a.passing)};
}

}  // namespace

MemoryEstimate estimate_memory(const models::DecoderModel& model, const TrainRecipe& recipe) {
  const Plan plan = plan_of(model, recipe);
  const TrainOptions& options = recipe.train;
  const auto learned = static_cast<double>(plan.learned);
  const auto [kept, work] = pass_bytes(*plan.decoder, recipe);
  MemoryEstimate estimate;
  estimate.parameters = plan.parameters, estimate.learned = plan.learned;
  estimate.parts = {{"program and libtorch", kProgramBytes},
                    {"weights", plan.weights},
                    {"f32 masters", plan.learned_narrow * 4},
                    {"optimizer moments", learned * base::find_row(optimizers(), options.optimizer, "train.optimizer").state_bytes},
                    {"averaged weights", options.ema > 0 ? learned * 4 : 0},
                    {"regularizer", regularizer_bytes(recipe, learned)},
                    {"activations", kept},
                    {"work of a layer or the head", work},
                    {"gradients", kGradientGaps * plan.learned_bytes},
                    {"accumulated gradients", options.accumulation > 1 ? kSumGaps * learned * 4 : 0}};
  for (const MemoryPart& part : estimate.parts) estimate.total += part.bytes;
  return estimate;
}

int64_t largest_batch(const models::DecoderModel& model, TrainRecipe recipe, double bytes) {
  const auto fits = [&](int64_t batch) {
    recipe.train.batch = batch;
    return estimate_memory(model, recipe).total <= bytes;
  };
  int64_t low = 0, high = 1;
  while (high <= 65536 && fits(high)) low = high, high *= 2;
  if (high > 65536) return low;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

namespace {

/// The largest micro-batch that divides the batch and fits, with the accumulation that keeps the tokens per step; 0: none.
int64_t fitting_part(const models::DecoderModel& model, TrainRecipe recipe, double bytes) {
  const TrainOptions given = recipe.train;
  for (int64_t parts = 1; parts <= given.batch; ++parts) {
    if (given.batch % parts != 0) continue;
    recipe.train.batch = given.batch / parts, recipe.train.accumulation = given.accumulation * parts;
    if (estimate_memory(model, recipe).total <= bytes) return parts;
  }
  return 0;
}

struct Step {
  const char* settings;
  bool (*apply)(TrainRecipe& recipe);  // false where it changes nothing
};

const Step kSteps[] = {
    {"train.activation_checkpointing=true", [](TrainRecipe& r) { return !std::exchange(r.train.activation_checkpointing, true); }},
    {"train.dtype=bf16",
     [](TrainRecipe& r) {
       return nn::fast_bf16(nn::device_named(r.train.device)) && std::exchange(r.train.dtype, "bf16") != "bf16";
     }},
    {"train.optimizer=adamw8bit",
     [](TrainRecipe& r) { return r.train.optimizer == "adamw" && (r.train.optimizer = "adamw8bit", true); }},
    {"adapter.method=lora",
     [](TrainRecipe& r) {
       return r.model.kind == base::Node::Kind::kScalar && !r.adapter.on() && (r.adapter.method = "lora", true);
     }},
    {"adapter.quantize=nf4", [](TrainRecipe& r) {
       return r.adapter.on() && r.adapter.init != "pissa" && std::exchange(r.adapter.quantize, "nf4") != "nf4";
     }}};

}  // namespace

FittingChange nearest_fitting(const models::DecoderModel& model, const TrainRecipe& recipe, double bytes) {
  TrainRecipe now = recipe;
  std::string settings;
  for (size_t done = 0;; ++done) {
    if (const int64_t parts = fitting_part(model, now, bytes); parts > 0) {
      now.train.batch /= parts, now.train.accumulation *= parts;
      if (parts > 1)
        settings = base::cat("train.batch=", now.train.batch, " train.accumulation=", now.train.accumulation, settings);
      settings.erase(0, settings.find_first_not_of(' '));
      return {settings, estimate_memory(model, now).total};
    }
    while (done < std::size(kSteps) && !kSteps[done].apply(now)) ++done;
    if (done >= std::size(kSteps)) return {};
    settings += base::cat(" ", kSteps[done].settings);
  }
}

}  // namespace athanor::train

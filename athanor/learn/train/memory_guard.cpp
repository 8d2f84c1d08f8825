#include "athanor/learn/train/memory_guard.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/memory.h"
#include "athanor/learn/train/memory_estimate.h"

namespace athanor::train {
namespace {

constexpr double kGiB = 1 << 30;
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);
/// Of what is held, that must be left: enough for what the next pass adds and for saving.
constexpr double kPartLeft = 1.0 / 32, kLeastLeft = 16e6, kMostLeft = 256e6;

}  // namespace

MemoryBudget memory_budget(const TrainOptions& options) {
  if (options.memory_limit > 0) return {options.memory_limit * kGiB, "train.memory_limit"};
  const base::MemoryRoom room = base::memory_room();
  return {room.bytes + base::resident_bytes(), room.limit};
}

void expect_to_fit(const models::DecoderModel& model, const TrainRecipe& recipe) {
  if (recipe.train.device != "cpu") return;
  const MemoryBudget budget = memory_budget(recipe.train);
  const MemoryEstimate estimate = estimate_memory(model, recipe);
  if (!(estimate.total > budget.bytes)) return;
  const FittingChange change = nearest_fitting(model, recipe, budget.bytes);
  const std::string way = change.settings.empty() ? "a smaller model or a shorter train.length"
                                                  : base::cat(change.settings, " (", base::human_bytes(change.total), ")");
  base::input_error("train.memory", {"the run does not fit into memory", base::human_bytes(estimate.total) + " at its peak",
                                     base::cat("at most ", base::human_bytes(budget.bytes), " (", budget.limit, ")"),
                                     way + "; --force begins all the same"});
}

MemoryWatch::MemoryWatch(double limit_gib) : limit_(limit_gib * kGiB) {}

void MemoryWatch::look() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kBetweenLooks) return;
  last_ = now;
  const double held = base::resident_bytes();
  if (limit_ > 0) {
    if (held > limit_)
      throw MemoryIsTight(
          base::cat("the run holds ", base::human_bytes(held), ", and train.memory_limit is ", base::human_bytes(limit_)));
    return;
  }
  const base::MemoryRoom room = base::memory_room();
  if (room.bytes < std::clamp(held * kPartLeft, kLeastLeft, kMostLeft))
    throw MemoryIsTight(
        base::cat("the run holds ", base::human_bytes(held), ", and ", room.limit, " leaves ", base::human_bytes(room.bytes)));
}

}  // namespace athanor::train

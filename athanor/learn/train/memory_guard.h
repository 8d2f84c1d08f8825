#pragma once
// Memory of a run on the CPU: a run that cannot fit is refused before anything is loaded, and one that grows into its limit ends
// while its weights are whole.

#include <chrono>
#include <stdexcept>

#include "athanor/core/models/family.h"
#include "athanor/learn/train/recipe.h"

namespace athanor::train {

/// What a run may hold: train.memory_limit, or what this process holds and may still take.
struct MemoryBudget {
  double bytes = 0;
  std::string limit;  // what sets it: "train.memory_limit", "the machine", ...
};
MemoryBudget memory_budget(const TrainOptions& options);

/// input_error where the estimate is above the budget; it names the nearest settings that fit.
void expect_to_fit(const models::DecoderModel& model, const TrainRecipe& recipe);

/// Thrown between two passes, before memory is really out.
class MemoryIsTight : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Looks at this process's memory between the passes of a step, at most a hundred times a second.
class MemoryWatch {
 public:
  /// `limit_gib`: train.memory_limit; 0: what the machine, its control groups and ulimit leave.
  explicit MemoryWatch(double limit_gib);
  /// Throws MemoryIsTight where more than the limit is held, or where less is left than a small part of what is held.
  void look();

 private:
  double limit_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace athanor::train

#pragma once
// The memory of a training run on the CPU, before it is spent: what the loop and the layers keep, counted from the model's
// description.

#include <cstdint>
#include <string>
#include <vector>

#include "athanor/core/models/family.h"
#include "athanor/learn/train/recipe.h"

namespace athanor::train {

struct MemoryPart {
  const char* name;
  double bytes;
};

struct MemoryEstimate {
  std::vector<MemoryPart> parts;  // what is alive at the peak
  double total = 0;
};

/// Within 10 % of the largest resident size that was measured over shapes of 0.1 to 50 million parameters
/// (tests/app/test_estimate.cpp).
MemoryEstimate estimate_memory(const models::DecoderModel& model, const TrainOptions& options);

}  // namespace athanor::train

#pragma once
// The memory of a training run on the CPU, before it is spent: what the loop and the layers keep, counted from the model's
// description. The model and its adapter are built on the meta device, which has shapes and no memory, so that what learns is
// counted by the same code that will learn.

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
  int64_t parameters = 0, learned = 0;  // of the model and what is added; of them those that learn
};

/// What a run holds at its peak. The recipe's model, data and folder are not looked at; its adapter's targets are, with their
/// mistakes. Within 10 % of the largest resident size that was measured over the settings of tests/app/test_estimate.cpp.
MemoryEstimate estimate_memory(const models::DecoderModel& model, const TrainRecipe& recipe);

/// The largest train.batch that stays within `bytes`, at most 65536; 0 where not even one row does.
int64_t largest_batch(const models::DecoderModel& model, TrainRecipe recipe, double bytes);

/// A recipe with what was changed in it, as the command line would say it.
struct FittingChange {
  std::string settings;  // "train.batch=4 train.accumulation=4"
  double total = 0;
};
/// The change of least consequence with which the run stays within `bytes`: the same tokens per step in smaller micro-batches, then
/// recomputed layers, bf16 (where the processor is good at it), eight-bit moments, LoRA on the model, and on four bits, with what
/// comes before. Empty settings where nothing of it is enough.
FittingChange nearest_fitting(const models::DecoderModel& model, const TrainRecipe& recipe, double bytes);

}  // namespace athanor::train

#include "athanor/core/models/adaptive_head.h"

#include <cmath>

#include "athanor/core/base/cat.h"

namespace athanor::models {
namespace {

constexpr int64_t kMostClusters = 16;

}  // namespace

void read_adaptive_head(const ConfigReader& config, DecoderModel& model) {
  if (!config.has("adaptive_softmax")) return;
  const ConfigReader reader = config.object_or_empty("adaptive_softmax");
  DecoderSpec& spec = model.spec;
  spec.adaptive.cutoffs = reader.integers("cutoffs", kMostClusters, 1, spec.vocab - 1);
  spec.adaptive.shrink = reader.number_or("div_value", 4, 1, 1e6);
  int64_t before = 0;
  for (int64_t cutoff : spec.adaptive.cutoffs) {
    if (cutoff <= before) reader.refuse("cutoffs", base::cat(cutoff, " after ", before), "rising numbers");
    before = cutoff;
  }
  if (before == 0)
    reader.refuse("cutoffs", "none", base::cat("1 to ", kMostClusters, " rising numbers below the vocabulary's ", spec.vocab));
  const double narrowest =
      static_cast<double>(spec.hidden) / std::pow(spec.adaptive.shrink, static_cast<double>(spec.adaptive.clusters()));
  if (narrowest < 1)
    reader.refuse("div_value", base::cat(spec.adaptive.shrink), "one number wide or more in the last cluster",
                  "a smaller one, or fewer cutoffs");
  if (spec.logit_cap != 0) reader.refuse("cutoffs", "a model whose logits are capped", "an ordinary head");
  spec.tied_head = false;
  std::erase_if(model.slots, [](const SlotName& row) { return row.slot == Slot::kHead; });
  model.slots.push_back({Slot::kAdaptiveHead, "lm_head.head.weight"});
  model.slots.push_back({Slot::kTailDown, "lm_head.tail.{e}.0.weight"});
  model.slots.push_back({Slot::kTailUp, "lm_head.tail.{e}.1.weight"});
}

}  // namespace athanor::models

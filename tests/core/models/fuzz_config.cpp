#include <nlohmann/json.hpp>

#include "athanor/core/models/family.h"
#include "tests/testing/fuzz.h"

using namespace athanor::models;

// A config that was taken describes a model whose names, shapes and frequencies can be worked out.
ATH_FUZZ_TARGET(config) {
  athanor::base::Json config = athanor::base::parse_json(input, "models.config", "config.json", {.bytes = 1 << 20});
  DecoderModel model = decoder_from_config(config);
  ATH_FUZZ_CHECK(model.spec.heads % model.spec.kv_heads == 0 && parameter_count(model) > 0);
  const ExpertsSpec& experts = model.spec.experts;
  ATH_FUZZ_CHECK(experts.count == 0 ||
                 (experts.chosen >= 1 && experts.chosen <= experts.count && experts.chosen_groups <= experts.groups));
  for (const SlotName& row : model.slots)
    for (int64_t size : weight_shape(model, row.slot)) ATH_FUZZ_CHECK(size > 0);
  if (model.spec.position != PositionKind::kRope) return;
  RopeFrequencies rope = rope_frequencies(model.spec.rope, model.spec.max_positions, 2 * model.spec.max_positions);
  ATH_FUZZ_CHECK(static_cast<int64_t>(rope.inverse.size()) == model.spec.rope.dims / 2);
  for (float f : rope.inverse) ATH_FUZZ_CHECK(f == f && f >= 0);
}

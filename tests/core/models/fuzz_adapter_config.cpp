#include <cmath>

#include "athanor/core/models/adapter_config.h"
#include "tests/testing/fuzz.h"

using namespace athanor::models;

// A config that was taken answers for every module: a rank, a finite scale, whether it is meant.
ATH_FUZZ_TARGET(adapter_config) {
  const AdapterConfig config = parse_adapter_config(input, "adapter_config.json");
  for (const char* module : {"model.layers.0.self_attn.q_proj", "transformer.h.11.mlp.c_fc", "lm_head", ""}) {
    ATH_FUZZ_CHECK(config.rank_of(module) >= 1);
    ATH_FUZZ_CHECK(std::isfinite(config.scale_of(module)));
    config.targets_module(module);
    config.is_feedforward(module);
  }
}

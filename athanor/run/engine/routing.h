#pragma once
// Which experts a token goes to, from the router's outputs (ExpertsSpec says how). Private to the room.

#include <span>

#include "athanor/core/models/decoder_spec.h"

namespace athanor::engine {

struct Choice {
  int64_t expert = 0;
  float weight = 0;
};

/// Fills `choices` (spec.chosen long) for one token; logits [count], correction [count] or empty.
void route(const models::ExpertsSpec& spec, std::span<const float> logits, std::span<const float> correction,
           std::span<Choice> choices);

}  // namespace athanor::engine

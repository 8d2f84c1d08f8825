#pragma once
// adaptive_softmax in config.json, Athanor's own key: {"cutoffs": [2000, 10000], "div_value": 4.0}. Internal to the room.

#include "athanor/core/models/config_reader.h"

namespace athanor::models {

/// Gives the model's table adaptive softmax in the head's place where the config asks for it. The weights' names are those of
/// torch.nn.AdaptiveLogSoftmaxWithLoss below lm_head. Errors name the key.
void read_adaptive_head(const ConfigReader& reader, DecoderModel& model);

}  // namespace athanor::models

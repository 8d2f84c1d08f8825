#pragma once
// Texts of a model that is learning, written by the engine on the very memory that is trained.

#include <string>
#include <vector>

#include "athanor/learn/train/loop.h"

namespace athanor::app {

/// One text for each of the recipe's prompts; the same weights and seed give the same texts.
std::vector<std::string> write_training_samples(const train::SampleRequest& request);

}  // namespace athanor::app

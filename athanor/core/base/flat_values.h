#pragma once
// A tree as one line per value, so that two recipes can be compared.

#include <map>
#include <string>

#include "athanor/core/base/node.h"

namespace athanor::base {

/// {train: {lr: 1e-3, betas: [1, 2]}} -> {"train.lr": "1e-3", "train.betas": "[1, 2]"}.
std::map<std::string, std::string> flat_values(const Node& tree);

}  // namespace athanor::base

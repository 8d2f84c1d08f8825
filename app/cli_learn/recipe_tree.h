#pragma once
// A recipe file with the command line's settings over it.

#include <filesystem>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "athanor/core/base/node.h"

namespace athanor::app {

/// `settings` are "train.lr=1e-4"; --threads, --device and --dtype set their namesakes below `train`.
void apply_settings(base::Node& tree, const std::vector<std::string>& settings, const Everywhere& everywhere);
/// The file's tree with the settings over it.
base::Node recipe_tree(const std::filesystem::path& file, const std::vector<std::string>& settings, const Everywhere& everywhere);

}  // namespace athanor::app

#include "app/cli_learn/recipe_tree.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::app {

void apply_settings(base::Node& tree, const std::vector<std::string>& settings, const Everywhere& everywhere) {
  for (const std::string& setting : settings) {
    size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      base::input_error("cli.recipe", {"not a setting", setting, "key=value", "train.lr=1e-3"});
    tree.assign(setting.substr(0, equals), setting.substr(equals + 1));
  }
  if (everywhere.threads > 0) tree.assign("train.threads", base::cat(everywhere.threads));
  if (everywhere.device != "cpu") tree.assign("train.device", everywhere.device);
  if (!everywhere.dtype.empty()) tree.assign("train.dtype", everywhere.dtype);
}

base::Node recipe_tree(const std::filesystem::path& file, const std::vector<std::string>& settings, const Everywhere& everywhere) {
  base::Node tree = base::read_yaml_file(file);
  apply_settings(tree, settings, everywhere);
  return tree;
}

}  // namespace athanor::app

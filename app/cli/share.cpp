#include "app/cli/share.h"

#include <cstdlib>

#include "app/cli/learn_wing.h"

namespace athanor::app {

std::filesystem::path share_file(std::string_view name) {
  const char* chosen = std::getenv("ATHANOR_SHARE");
  std::error_code error;
  for (const std::filesystem::path& folder :
       {std::filesystem::path(chosen ? chosen : ""), learn_program().parent_path() / "../share/athanor",
        std::filesystem::path(ATHANOR_SHARE_DIR)})
    if (!folder.empty() && std::filesystem::exists(folder / name, error)) return (folder / name).lexically_normal();
  return {};
}

}  // namespace athanor::app

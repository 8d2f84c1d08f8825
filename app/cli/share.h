#pragma once
// Files that come with the program: the corpus and the recipes.

#include <filesystem>
#include <string_view>

namespace athanor::app {

/// "assets/corpus/tinyshakespeare.txt" below ATHANOR_SHARE, <program>/../share/athanor, or the source tree that the program was
/// built from, in this order; empty where it is nowhere.
std::filesystem::path share_file(std::string_view name);

}  // namespace athanor::app

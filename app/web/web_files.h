#pragma once
// The page's own files, embedded by the build: an installed program needs nothing beside it.

#include <span>
#include <string_view>

namespace athanor::app {

struct WebFile {
  std::string_view path;  // "/js/main.js"
  std::string_view type;
  std::string_view text;
};

std::span<const WebFile> web_files();

}  // namespace athanor::app

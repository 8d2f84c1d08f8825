#pragma once
// JSON behind a guard: depth, size, duplicate keys and UTF-8 are checked while parsing, so that nothing recursive ever meets
// hostile depth.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace athanor::base {

/// Objects keep the order of the file.
using Json = nlohmann::ordered_json;

struct JsonLimits {
  int depth = 128;  // 64 for requests
  size_t bytes = size_t{512} << 20;
};

/// Throws file_error `[where] ... line L column C` on bad JSON, a duplicate key, too much depth or size.
/// `source` is the file's name, for the message. Sources include <nlohmann/json.hpp> themselves.
Json parse_json(std::string_view text, std::string_view where, std::string_view source, const JsonLimits& limits = {});
Json read_json_file(const std::filesystem::path& path, std::string_view where, const JsonLimits& limits = {});

}  // namespace athanor::base

#pragma once
// A small tree with line numbers: what a YAML recipe, a JSON file and `key=value` arguments become before options are read from it.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/json.h"

namespace athanor::base {

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string scalar;   // as written, unquoted
  bool quoted = false;  // "1" in quotes is text, 1 is a number
  std::vector<Node> items;
  struct Member;
  std::vector<Member> members;
  int line = 0;  // 1-based; 0: from the command line

  const Node* find(std::string_view key) const;
  /// Sets a.b.c to a value parsed as YAML ("lr=1e-4", "targets=[a, b]"); makes the maps between.
  void assign(std::string_view dotted_key, std::string_view yaml_value);
};

struct Node::Member {
  std::string key;
  Node value;
};

/// Limits of RELIABILITY 3.1: 1 MiB, depth 32, 100 aliases. Throws file_error with file and line; a duplicate key is an error.
Node parse_yaml(std::string_view text, std::string_view source);
Node read_yaml_file(const std::filesystem::path& path);
Node node_from_json(const Json& json);
/// Numbers, booleans and null are recognised by YAML 1.2's core rules where unquoted.
Json node_to_json(const Node& node);
std::string node_to_yaml(const Node& node);

}  // namespace athanor::base

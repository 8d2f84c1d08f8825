#include "athanor/core/base/node.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/scalar.h"

namespace athanor::base {
namespace {

std::string underscored(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

void forget_lines(Node& node) {
  node.line = 0;
  for (Node& item : node.items) forget_lines(item);
  for (auto& [key, member] : node.members) forget_lines(member);
}

Node* find_in(Node& map, const std::string& key) {
  for (auto& [name, member] : map.members)
    if (name == key) return &member;
  return nullptr;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, member] : members)
    if (name == key) return &member;
  return nullptr;
}

void Node::assign(std::string_view dotted_key, std::string_view yaml_value) {
  Node value;
  try {
    value = parse_yaml(yaml_value, dotted_key);
  } catch (const Error&) {
    input_error("base.assign", {cat("cannot read the value of ", dotted_key), std::string(yaml_value), "a YAML value",
                                "quotes around text with special characters"});
  }
  forget_lines(value);
  Node* at = this;
  for (std::string_view rest = dotted_key; at;) {
    const size_t dot = rest.find('.');
    const std::string name = underscored(rest.substr(0, dot));
    if (name.empty()) input_error("base.assign", {"an empty name", std::string(dotted_key), "a.b.c=value"});
    if (at->kind != Kind::kMap && at->kind != Kind::kNull)
      input_error("base.assign", {cat(dotted_key, " goes through something that is not a group of options")});
    at->kind = Kind::kMap;
    Node* member = find_in(*at, name);
    if (!member) member = &at->members.emplace_back(name, Node{}).value;
    at = member;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  *at = std::move(value);
}

Node node_from_json(const Json& json) {
  Node node;
  if (json.is_object()) {
    node.kind = Node::Kind::kMap;
    for (const auto& [key, member] : json.items()) node.members.emplace_back(key, node_from_json(member));
  } else if (json.is_array()) {
    node.kind = Node::Kind::kList;
    for (const Json& item : json) node.items.push_back(node_from_json(item));
  } else if (!json.is_null()) {
    node.kind = Node::Kind::kScalar;
    node.quoted = json.is_string();
    node.scalar = node.quoted ? json.get<std::string>() : json.dump();
  }
  return node;
}

Json node_to_json(const Node& node) {
  if (node.kind == Node::Kind::kMap) {
    Json json = Json::object();
    for (const auto& [key, member] : node.members) json[key] = node_to_json(member);
    return json;
  }
  if (node.kind == Node::Kind::kList) {
    Json json = Json::array();
    for (const Node& item : node.items) json.push_back(node_to_json(item));
    return json;
  }
  if (is_null(node)) return nullptr;
  if (auto value = as_boolean(node)) return *value;
  if (auto value = as_integer(node)) return *value;
  if (auto value = as_number(node)) return *value;
  return node.scalar;
}

}  // namespace athanor::base

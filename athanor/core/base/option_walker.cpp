#include "athanor/core/base/option_walker.h"

#include <cmath>

#include "athanor/core/base/cat.h"

namespace athanor::base {
namespace {

Node scalar_node(std::string text, bool quoted) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.scalar = std::move(text);
  node.quoted = quoted;
  return node;
}

Node node_of(bool value) { return scalar_node(cat(value), false); }
Node node_of(int64_t value) { return scalar_node(cat(value), false); }
Node node_of(const std::string& value) { return scalar_node(value, true); }
Node node_of(double value) {
  if (std::isnan(value)) return scalar_node(".nan", false);
  if (std::isinf(value)) return scalar_node(value > 0 ? ".inf" : "-.inf", false);
  return scalar_node(cat(value), false);
}
template <typename T>
Node node_of(const std::vector<T>& values) {
  Node node;
  node.kind = Node::Kind::kList;
  for (const T& value : values) node.items.push_back(node_of(value));
  return node;
}

}  // namespace

void OptionWalker::boolean(const char* name, bool& value, const OptionInfo& info) { leaf(name, info, "boolean", node_of(value)); }
void OptionWalker::integer(const char* name, int64_t& value, const OptionInfo& info) {
  leaf(name, info, "integer", node_of(value));
}
void OptionWalker::number(const char* name, double& value, const OptionInfo& info) { leaf(name, info, "number", node_of(value)); }
void OptionWalker::text(const char* name, std::string& value, const OptionInfo& info) {
  leaf(name, info, "string", node_of(value));
}
void OptionWalker::texts(const char* name, std::vector<std::string>& value, const OptionInfo& info) {
  leaf(name, info, "string[]", node_of(value));
}
void OptionWalker::numbers(const char* name, std::vector<double>& value, const OptionInfo& info) {
  leaf(name, info, "number[]", node_of(value));
}
void OptionWalker::tree(const char* name, Node& value, const OptionInfo& info) { leaf(name, info, "", value); }

std::string dotted_name(const std::string& prefix, const std::string& name) { return prefix.empty() ? name : prefix + "." + name; }

std::string range_text(const OptionInfo& info) {
  const bool low = std::isfinite(info.min), high = std::isfinite(info.max);
  if (low && high) return cat(info.min, " to ", info.max);
  if (low) return cat("at least ", info.min);
  return high ? cat("at most ", info.max) : "";
}

std::string choices_text(const OptionInfo& info) {
  std::string list;
  for (const char* choice : info.choices) list += (list.empty() ? "" : ", ") + std::string(choice);
  return list;
}

}  // namespace athanor::base

#include "athanor/core/base/flat_values.h"

#include "athanor/core/base/cat.h"

namespace athanor::base {
namespace {

void flatten(const Node& node, const std::string& name, std::map<std::string, std::string>& out) {
  if (node.kind == Node::Kind::kMap) {
    for (const auto& [key, value] : node.members) flatten(value, name.empty() ? key : cat(name, ".", key), out);
  } else if (node.kind == Node::Kind::kList) {
    std::string list;
    for (const Node& item : node.items) list += (list.empty() ? "" : ", ") + item.scalar;
    out[name] = "[" + list + "]";
  } else {
    out[name] = node.scalar;
  }
}

}  // namespace

std::map<std::string, std::string> flat_values(const Node& tree) {
  std::map<std::string, std::string> values;
  flatten(tree, "", values);
  return values;
}

}  // namespace athanor::base

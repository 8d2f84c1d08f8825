#include <nlohmann/json.hpp>

#include "athanor/core/base/node.h"
#include "tests/testing/fuzz.h"

using namespace athanor::base;

// What was read must be written as YAML that reads as the same tree.
ATH_FUZZ_TARGET(yaml) {
  const Node node = parse_yaml(input, "fuzz");
  const std::string text = node_to_yaml(node);
  ATH_FUZZ_CHECK(node_to_yaml(parse_yaml(text, "fuzz")) == text);
  ATH_FUZZ_CHECK(node_to_json(parse_yaml(text, "fuzz")).dump() == node_to_json(node).dump());
}

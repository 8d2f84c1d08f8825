#include <nlohmann/json.hpp>

#include "athanor/core/base/json.h"
#include "tests/testing/fuzz.h"

using athanor::base::Json;
using athanor::base::parse_json;

// What was read must be written as text that reads as the same value.
ATH_FUZZ_TARGET(json) {
  const Json value = parse_json(input, "base.json", "fuzz", {.depth = 64, .bytes = 1 << 20});
  const std::string text = value.dump();
  ATH_FUZZ_CHECK(parse_json(text, "base.json", "fuzz").dump() == text);
}

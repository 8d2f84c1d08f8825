// {"text"}: a text of which every token is learned.

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {

bool is_text(const FormRow& row) { return row.has("text"); }

Sample make_text(const FormRow& row) {
  Sample sample{.kind = Sample::Kind::kText};
  sample.text = row.text("text");
  return sample;
}

}  // namespace athanor::data

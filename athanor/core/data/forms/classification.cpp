// {"text", "label"}: a text and what it is; the label is a word or a number.

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {

bool is_classification(const FormRow& row) { return row.has("text") && row.has("label"); }

Sample make_classification(const FormRow& row) {
  Sample sample{.kind = Sample::Kind::kLabelled};
  sample.text = row.text("text");
  sample.label = row.text("label");
  return sample;
}

}  // namespace athanor::data

// {"text", "label"}: a text and what it is; the label is a word or a number, or a list of them where several hold at once.

#include <nlohmann/json.hpp>

#include "athanor/core/data/sample.h"

namespace athanor::data {

bool is_classification(const FormRow& row) { return row.has("text") && row.has("label"); }

Sample make_classification(const FormRow& row) {
  Sample sample{.kind = Sample::Kind::kLabelled};
  sample.text = row.text("text");
  const base::Json& label = row.column("label");
  if (!label.is_array()) {
    sample.label = row.text("label");
    sample.labels = {sample.label};
    return sample;
  }
  sample.several = true;
  sample.label = label.dump();
  for (const base::Json& one : label) {
    if (!one.is_string() && !one.is_number()) row.fail("a label is neither a word nor a number", one.dump());
    sample.labels.push_back(one.is_string() ? one.get<std::string>() : one.dump());
  }
  return sample;
}

}  // namespace athanor::data

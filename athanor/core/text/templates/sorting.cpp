#include "athanor/core/text/templates/sorting.h"

#include <algorithm>

#include "athanor/core/text/templates/attributes.h"
#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/python_text.h"

namespace athanor::text::templates {
namespace {

struct Keyed {
  Value key, item;
};

Value without_case(Interpreter& in, const Value& value, bool case_sensitive) {
  if (case_sensitive || !value.is_string()) return value;
  in.budget().bytes(value.text().size());
  return Value::string(lower_text(value.text()));
}

std::vector<Keyed> keyed(Interpreter& in, const Value& value, const Value& path, bool case_sensitive, const Value& otherwise = {}) {
  std::vector<Keyed> out;
  for (Value& item : iterate(in, value)) {
    Value key = without_case(in, follow_path(in, item, path, otherwise), case_sensitive);
    out.push_back({std::move(key), std::move(item)});
  }
  return out;
}

void sort_keyed(Interpreter& in, std::vector<Keyed>& items, bool reverse = false) {
  std::stable_sort(items.begin(), items.end(), [&in, reverse](const Keyed& a, const Keyed& b) {
    return reverse ? less(b.key, a.key, in.budget()) : less(a.key, b.key, in.budget());
  });
}

Value extreme(Interpreter& in, const Value& value, const Given& given, bool greatest) {
  auto items = keyed(in, value, given.value_or(1, Value()), given.truth(in, 0, false));
  if (items.empty()) return Value::undefined("No aggregated item, sequence was empty.");
  const Keyed* best = &items[0];
  for (const Keyed& one : items)
    if (greatest ? less(best->key, one.key, in.budget(), ">") : less(one.key, best->key, in.budget())) best = &one;
  return best->item;
}

Values items_of(std::vector<Keyed> sorted) {
  Values out;
  for (Keyed& one : sorted) out.push_back(std::move(one.item));
  return out;
}

}  // namespace

Value sort(Interpreter& in, const Value& value, const Given& given) {
  const bool case_sensitive = given.truth(in, 1, false);
  const Value path = given.value_or(2, Value());
  std::vector<Keyed> items;
  if (path.is_string() && path.text().find(',') != std::string::npos) {
    for (Value& item : iterate(in, value)) {
      Values keys;
      for (std::string_view part : split_text(path.text(), ",", -1))
        keys.push_back(without_case(in, follow_path(in, item, Value::string(std::string(part))), case_sensitive));
      items.push_back({Value::list(std::move(keys)), std::move(item)});
    }
  } else {
    items = keyed(in, value, path, case_sensitive);
  }
  sort_keyed(in, items, given.truth(in, 0, false));
  return Value::list(items_of(std::move(items)));
}

Value sort_dict(Interpreter& in, const Value& value, const Given& given) {
  if (value.is_undefined()) fault(value.text());
  if (!value.is(Kind::kDict)) fault("'" + type_name(value) + "' object has no attribute 'items'");
  const std::string by = given.has(1) ? given.text(1) : "key";
  if (by != "key" && by != "value") fault("You can only sort by either \"key\" or \"value\"");
  auto items = keyed(in, Value::view(ViewPart::kItems, value), Value::integer(by == "value"), given.truth(in, 0, false));
  sort_keyed(in, items, given.truth(in, 2, false));
  return Value::list(items_of(std::move(items)));
}

Value group_by(Interpreter& in, const Value& value, const Given& given) {
  const bool case_sensitive = given.truth(in, 2, false);
  const Value otherwise = given.value_or(1, Value());
  auto items = keyed(in, value, given[0], case_sensitive, otherwise);
  sort_keyed(in, items);
  Values groups;
  for (size_t i = 0; i < items.size();) {
    Values group;
    size_t first = i;
    for (; i < items.size() && equal(items[i].key, items[first].key, in.budget()); ++i) group.push_back(items[i].item);
    if (i == first) group.push_back(items[i++].item);  // a value that does not equal itself
    in.budget().objects(2);
    Value grouper = case_sensitive ? items[first].key : follow_path(in, group[0], given[0], otherwise);
    groups.push_back(Value::group(std::move(grouper), std::move(group)));
  }
  return Value::list(std::move(groups));
}

Value least(Interpreter& in, const Value& value, const Given& given) { return extreme(in, value, given, false); }
Value greatest(Interpreter& in, const Value& value, const Given& given) { return extreme(in, value, given, true); }

Value unique(Interpreter& in, const Value& value, const Given& given) {
  Values seen, out;
  for (Keyed& one : keyed(in, value, given.value_or(1, Value()), given.truth(in, 0, false))) {
    if (!hashable(one.key)) fault("unhashable type: '" + type_name(one.key) + "'");
    bool known = std::any_of(seen.begin(), seen.end(), [&](const Value& s) { return equal(s, one.key, in.budget()); });
    if (known) continue;
    seen.push_back(one.key);
    out.push_back(std::move(one.item));
  }
  return Value::iterator(std::move(out));
}

}  // namespace athanor::text::templates

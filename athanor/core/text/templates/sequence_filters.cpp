#include "athanor/core/text/templates/sequence_filters.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/arithmetic.h"
#include "athanor/core/text/templates/attributes.h"
#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/python_text.h"
#include "athanor/core/text/templates/represent.h"
#include "athanor/core/text/templates/sorting.h"
#include "athanor/core/text/templates/tests.h"

namespace athanor::text::templates {
namespace {

Value batch(Interpreter& in, const Value& value, const Given& given) {
  const int64_t size = given.whole(0, 0);
  Values out, row;
  for (Value& item : iterate(in, value)) {
    if (static_cast<int64_t>(row.size()) == size) out.push_back(Value::list(std::exchange(row, {})));
    row.push_back(std::move(item));
  }
  if (!row.empty()) {
    if (given.says(1) && size > kMostRange) fault("the batch is too large");
    while (given.says(1) && static_cast<int64_t>(row.size()) < size) in.budget().step(), row.push_back(given[1]);
    out.push_back(Value::list(std::move(row)));
  }
  return Value::iterator(std::move(out));
}

Value slice(Interpreter& in, const Value& value, const Given& given) {
  const Values items = iterate(in, value);
  const int64_t slices = given.whole(0, 0), size = static_cast<int64_t>(items.size());
  if (slices == 0) fault("integer division or modulo by zero");
  Values out;
  for (int64_t i = 0, begin = 0; i < slices; ++i) {
    in.budget().objects(1);
    const int64_t end = begin + size / slices + (i < size % slices);
    Values part(items.begin() + begin, items.begin() + end);
    if (given.says(1) && i >= size % slices) part.push_back(given[1]);
    out.push_back(Value::list(std::move(part)));
    begin = end;
  }
  return Value::iterator(std::move(out));
}

Value first(Interpreter& in, const Value& value, const Given&) {
  const Value nothing = Value::undefined("No first item, sequence was empty.");
  if (value.is(Kind::kIterator)) {
    auto& iterator = value.as<Iterator>();
    return iterator.next < iterator.items.size() ? iterator.items[iterator.next++] : nothing;
  }
  if (value.is_string() || value.is_sequence()) return item_of(in, value, Value::integer(0)).value_or(nothing);
  Values items = iterate(in, value);
  return items.empty() ? nothing : items[0];
}

Value last(Interpreter& in, const Value& value, const Given&) {
  const Value nothing = Value::undefined("No last item, sequence was empty.");
  if (value.is(Kind::kIterator)) fault("'generator' object is not reversible");
  if (value.is_string() || value.is_sequence()) return item_of(in, value, Value::integer(-1)).value_or(nothing);
  Values items = iterate(in, value);
  return items.empty() ? nothing : items.back();
}

Value items(Interpreter& in, const Value& value, const Given&) {
  if (value.is_undefined()) return Value::iterator({});
  if (!value.is(Kind::kDict)) fault("Can only get item pairs from a mapping.");
  return Value::iterator(iterate(in, Value::view(ViewPart::kItems, value)));
}

Value join(Interpreter& in, const Value& value, const Given& given) {
  std::string between = given.has(0) ? str_of(given[0], in.budget()) : "", out;
  bool first_item = true;
  for (Value& item : iterate(in, value)) {
    if (given.says(1)) item = follow_path(in, item, given[1]);
    if (!first_item) out += between;
    first_item = false;
    out += str_of(item, in.budget());
    in.budget().bytes(between.size());
    if (out.size() > kMostOutput) fault("a text is longer than 4 MiB");
  }
  return Value::string(std::move(out));
}

Value length(Interpreter& in, const Value& value, const Given&) {
  auto n = length_of(in, value);
  if (!n) fault("object of type '" + type_name(value) + "' has no len()");
  return Value::integer(*n);
}

Value list(Interpreter& in, const Value& value, const Given&) { return Value::list(iterate(in, value)); }

Value reverse(Interpreter& in, const Value& value, const Given&) {
  Values items = iterate(in, value);
  std::reverse(items.begin(), items.end());
  if (value.is(Kind::kIterator)) return Value::list(std::move(items));
  if (!value.is_string()) return Value::iterator(std::move(items));
  std::string out;
  for (const Value& c : items) out += c.text();
  return Value::string(std::move(out), value.safe());
}

Value map(Interpreter& in, const Value& value, const Given& given) {
  if (!truth(in, value)) return Value::iterator({});
  Arguments all = given.all();
  std::optional<Value> path = all.positional.empty() ? all.take("attribute") : std::nullopt, otherwise;
  if (path) {
    otherwise = all.take("default");
    if (!all.keyword.empty()) fault("Unexpected keyword argument '" + all.keyword[0].first + "'");
  } else if (all.positional.empty() || !all.positional[0].is_string()) {
    fault("map requires a filter argument");
  }
  std::string name = path ? "" : all.positional[0].text();
  if (!path) all.positional.erase(all.positional.begin());
  Values out;
  for (Value& item : iterate(in, value)) {
    Arguments own = all;
    out.push_back(path ? follow_path(in, item, *path, otherwise.value_or(Value())) : apply_filter(in, name, item, own));
  }
  return Value::iterator(std::move(out));
}

/// select, reject (the item itself is tested) and selectattr, rejectattr (one of its attributes).
template <bool keeps, bool by_attribute>
Value select(Interpreter& in, const Value& value, const Given& given) {
  if (!truth(in, value)) return Value::iterator({});
  Arguments all = given.all();
  auto take = [&all] {
    Value front = all.positional.front();
    all.positional.erase(all.positional.begin());
    return front;
  };
  if (by_attribute && all.positional.empty()) fault("Missing parameter for attribute name");
  const Value path = by_attribute ? take() : Value();
  const bool tested = !all.positional.empty();
  const Value name = tested ? take() : Value();
  if (tested && !name.is_string()) fault("a test's name must be a text");
  Values out;
  for (Value& item : iterate(in, value)) {
    Value looked_at = follow_path(in, item, path);
    Arguments own = all;
    bool holds = tested ? run_test(in, name.text(), looked_at, own) : truth(in, looked_at);
    if (holds == keeps) out.push_back(std::move(item));
  }
  return Value::iterator(std::move(out));
}

Value sum(Interpreter& in, const Value& value, const Given& given) {
  Value total = given.value_or(1, Value::integer(0));
  if (total.is_string()) fault("sum() can't sum strings [use ''.join(seq) instead]");
  const Value path = given.value_or(0, Value());
  for (Value& item : iterate(in, value)) total = calculate(in, "+", total, follow_path(in, item, path));
  return total;
}

constexpr FilterRow kSequenceFilters[] = {
    {"batch", "linecount fill_with?", batch},
    {"count", "", length},
    {"dictsort", "case_sensitive? by? reverse?", sort_dict},
    {"first", "", first},
    {"groupby", "attribute default? case_sensitive?", group_by},
    {"items", "", items},
    {"join", "d? attribute?", join},
    {"last", "", last},
    {"length", "", length},
    {"list", "", list},
    {"map", "*", map},
    {"max", "case_sensitive? attribute?", greatest},
    {"min", "case_sensitive? attribute?", least},
    {"reject", "*", select<false, false>},
    {"rejectattr", "*", select<false, true>},
    {"reverse", "", reverse},
    {"select", "*", select<true, false>},
    {"selectattr", "*", select<true, true>},
    {"slice", "slices fill_with?", slice},
    {"sort", "reverse? case_sensitive? attribute?", sort},
    {"sum", "attribute? start?", sum},
    {"unique", "case_sensitive? attribute?", unique},
};

}  // namespace

std::span<const FilterRow> sequence_filters() { return kSequenceFilters; }

}  // namespace athanor::text::templates

#include "athanor/core/text/templates/items.h"

#include <algorithm>

#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/loop.h"
#include "athanor/core/text/templates/python_text.h"

namespace athanor::text::templates {
namespace {

Values view_items(const View& view) {
  Values items;
  for (const auto& [key, value] : view.dict.entries().pairs())
    items.push_back(view.part == ViewPart::kKeys ? key : view.part == ViewPart::kValues ? value : Value::tuple({key, value}));
  return items;
}

Values range_items(const Range& range) {
  Values items;
  for (int64_t i = 0; i < range.length; ++i) items.push_back(Value::integer(range.at(i)));
  return items;
}

Values characters(const std::string& text) {
  Values items;
  for (size_t at = 0; at < text.size();) {
    size_t length = character_length(text, at);
    items.push_back(Value::string(text.substr(at, length)));
    at += length;
  }
  return items;
}

/// Python's slice.indices: first index, step and how many.
struct Indices {
  int64_t start = 0, step = 1, count = 0;
};

int64_t slice_part(const Value& value, int64_t otherwise) {
  if (value.is_none()) return otherwise;
  if (value.is_undefined()) fault(value.text());
  if (!value.is_whole()) fault("slice indices must be integers or None or have an __index__ method");
  return value.whole();
}

Indices indices_of(int64_t length, const Value& start, const Value& stop, const Value& step) {
  Indices out;
  out.step = slice_part(step, 1);
  if (out.step == 0) fault("slice step cannot be zero");
  if (out.step < -kMostRange * 100) out.step = -kMostRange * 100;  // far beyond any length, and safe to negate
  const int64_t low = out.step > 0 ? 0 : -1, high = out.step > 0 ? length : length - 1;
  auto clamp = [&](int64_t i) { return std::clamp(i < 0 ? (i < -length ? low : i + length) : i, low, high); };
  out.start = start.is_none() ? (out.step > 0 ? low : high) : clamp(slice_part(start, 0));
  const int64_t end = stop.is_none() ? (out.step > 0 ? high : low) : clamp(slice_part(stop, 0));
  const int64_t span = out.step > 0 ? end - out.start : out.start - end, stride = out.step > 0 ? out.step : -out.step;
  out.count = span > 0 ? (span - 1) / stride + 1 : 0;
  return out;
}

Value slice_text(const Value& value, const Value& start, const Value& stop, const Value& step) {
  const std::string& text = value.text();
  std::vector<size_t> starts = character_starts(text);
  Indices in = indices_of(static_cast<int64_t>(starts.size()), start, stop, step);
  starts.push_back(text.size());
  std::string out;
  auto at = [&starts](int64_t i) { return starts[static_cast<size_t>(i)]; };
  if (in.count > 0 && in.step == 1)
    out = text.substr(at(in.start), at(in.start + in.count) - at(in.start));
  else
    for (int64_t i = 0, c = in.start; i < in.count; ++i, c += in.step) out.append(text, at(c), at(c + 1) - at(c));
  return Value::string(std::move(out), value.safe());
}

std::optional<size_t> place_of(const Value& key, int64_t length) {
  if (!key.is_whole()) return std::nullopt;
  int64_t i = key.whole() < 0 ? key.whole() + length : key.whole();
  return i < 0 || i >= length ? std::nullopt : std::optional(static_cast<size_t>(i));
}

}  // namespace

bool iterable(const Value& value) { return value.is_undefined() || (value.kind() >= Kind::kString && !value.is(Kind::kSpecial)); }

Values iterate(Interpreter& interpreter, const Value& value) {
  Budget& budget = interpreter.budget();
  if (auto length = length_of(interpreter, value))
    value.is_string() || value.is(Kind::kView) ? budget.objects(static_cast<size_t>(*length))
                                               : budget.values(static_cast<size_t>(*length));
  switch (value.kind()) {
    case Kind::kUndefined:
      return {};
    case Kind::kString:
      return characters(value.text());
    case Kind::kList:
    case Kind::kTuple:
      return value.items();
    case Kind::kDict: {
      Values keys;
      for (const auto& [key, unused] : value.entries().pairs()) keys.push_back(key);
      return keys;
    }
    case Kind::kRange:
      return range_items(value.as<Range>());
    case Kind::kView:
      return view_items(value.as<View>());
    case Kind::kIterator: {
      auto& iterator = value.as<Iterator>();
      Values rest(iterator.items.begin() + static_cast<ptrdiff_t>(iterator.next), iterator.items.end());
      iterator.next = iterator.items.size();
      return rest;
    }
    default:
      fault("'" + type_name(value) + "' object is not iterable");
  }
}

std::optional<int64_t> length_of(Interpreter& interpreter, const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return 0;
    case Kind::kString:
      interpreter.budget().bytes(value.text().size());
      return static_cast<int64_t>(character_count(value.text()));
    case Kind::kList:
    case Kind::kTuple:
      return static_cast<int64_t>(value.items().size());
    case Kind::kDict:
      return static_cast<int64_t>(value.entries().pairs().size());
    case Kind::kView:
      return static_cast<int64_t>(value.as<View>().dict.entries().pairs().size());
    case Kind::kRange:
      return value.as<Range>().length;
    case Kind::kSpecial:
      if (auto* loop = value.special_as<Loop>()) return loop->length(interpreter);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<Value> item_of(Interpreter& interpreter, const Value& value, const Value& key) {
  switch (value.kind()) {
    case Kind::kUndefined:
      fault(value.text());
    case Kind::kDict: {
      if (!hashable(key)) return std::nullopt;
      const Value* found = value.entries().find(key, interpreter.budget());
      return found ? std::optional(*found) : std::nullopt;
    }
    case Kind::kString: {
      auto length = length_of(interpreter, value);
      auto i = place_of(key, *length);
      if (!i) return std::nullopt;
      size_t at = offset_of(value.text(), *i);
      return Value::string(value.text().substr(at, character_length(value.text(), at)), value.safe());
    }
    case Kind::kList:
    case Kind::kTuple: {
      auto i = place_of(key, static_cast<int64_t>(value.items().size()));
      return i ? std::optional(value.items()[*i]) : std::nullopt;
    }
    case Kind::kRange: {
      auto i = place_of(key, value.as<Range>().length);
      return i ? std::optional(Value::integer(value.as<Range>().at(static_cast<int64_t>(*i)))) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

Value slice_of(Interpreter& interpreter, const Value& value, const Value& start, const Value& stop, const Value& step) {
  if (value.is_undefined()) fault(value.text());
  if (value.is_string()) {
    interpreter.budget().bytes(8 * value.text().size());  // an index of its characters is made
    return slice_text(value, start, stop, step);
  }
  if (value.is(Kind::kRange)) {
    const Range& range = value.as<Range>();
    Indices in = indices_of(range.length, start, stop, step);
    int64_t start_at = in.count > 0 ? range.at(in.start) : range.start, stride = range.step;
    if (in.count > 1) stride = range.at(in.start + in.step) - start_at;  // fits, for both ends lie in the range
    return Value::range(start_at, start_at + stride * in.count, stride, in.count);
  }
  if (value.is(Kind::kDict)) fault("unhashable type: 'slice'");
  if (!value.is_sequence()) fault("'" + type_name(value) + "' object is not subscriptable");
  Indices in = indices_of(static_cast<int64_t>(value.items().size()), start, stop, step);
  interpreter.budget().values(static_cast<size_t>(in.count));
  Values out;
  for (int64_t i = 0, at = in.start; i < in.count; ++i, at += in.step) out.push_back(value.items()[static_cast<size_t>(at)]);
  return value.is(Kind::kList) ? Value::list(std::move(out)) : Value::tuple(std::move(out));
}

Dict dict_from(Interpreter& interpreter, const Value& value) {
  if (value.is(Kind::kDict)) {
    interpreter.budget().values(2 * value.entries().pairs().size());
    return value.entries();
  }
  Dict dict;
  for (const Value& pair : iterate(interpreter, value)) {
    Values parts = iterate(interpreter, pair);
    if (parts.size() != 2)
      fault("dictionary update sequence element has length " + std::to_string(parts.size()) + "; 2 is required");
    dict.set(parts[0], parts[1], interpreter.budget());
  }
  return dict;
}

}  // namespace athanor::text::templates

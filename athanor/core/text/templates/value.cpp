#include "athanor/core/text/templates/value.h"

#include <algorithm>

#include "athanor/core/text/templates/compare.h"

namespace athanor::text::templates {
namespace {

constexpr size_t kFewKeys = 8;

int below(int nesting) {
  if (nesting >= kMostNesting) fault("values are nested too deep");
  return nesting + 1;
}

int nesting_of(const Values& items) {
  int most = 0;
  for (const Value& item : items) most = std::max(most, item.nesting());
  return below(most);
}

std::shared_ptr<Sequence> sequence(Values items) {
  auto object = std::make_shared<Sequence>();
  object->nesting = nesting_of(items);
  object->items = std::move(items);
  return object;
}

}  // namespace

Value Value::undefined(std::string why) { return {Kind::kUndefined, std::make_shared<String>(std::move(why), false)}; }

Value Value::boolean(bool b) {
  Value value(Kind::kBool, nullptr);
  value.whole_ = b;
  return value;
}

Value Value::integer(int64_t i) {
  Value value(Kind::kInt, nullptr);
  value.whole_ = i;
  return value;
}

Value Value::number(double d) {
  Value value(Kind::kFloat, nullptr);
  value.real_ = d;
  return value;
}

Value Value::string(std::string text, bool safe) {
  if (text.size() > kMostOutput) fault("a text is longer than 4 MiB");
  return {Kind::kString, std::make_shared<String>(std::move(text), safe)};
}

Value Value::list(Values items) { return {Kind::kList, sequence(std::move(items))}; }
Value Value::tuple(Values items) { return {Kind::kTuple, sequence(std::move(items))}; }

Value Value::group(Value grouper, Values items) {
  auto object = sequence({std::move(grouper), list(std::move(items))});
  object->is_group = true;
  return {Kind::kTuple, object};
}

Value Value::dict(Dict dict) {
  auto object = std::make_shared<DictObject>();
  int most = 0;
  for (const auto& [key, value] : dict.pairs()) most = std::max({most, key.nesting(), value.nesting()});
  object->nesting = below(most);
  object->dict = std::move(dict);
  return {Kind::kDict, object};
}

Value Value::range(int64_t start, int64_t stop, int64_t step, int64_t length) {
  auto object = std::make_shared<Range>();
  object->start = start, object->stop = stop, object->step = step, object->length = length;
  return {Kind::kRange, object};
}

Value Value::view(ViewPart part, const Value& dict) {
  auto object = std::make_shared<View>();
  object->nesting = below(dict.nesting());
  object->part = part, object->dict = dict;
  return {Kind::kView, object};
}

Value Value::iterator(Values items) {
  auto object = std::make_shared<Iterator>();
  object->nesting = nesting_of(items);
  object->items = std::move(items);
  return {Kind::kIterator, object};
}

Value Value::special(std::shared_ptr<Special> special) { return {Kind::kSpecial, std::move(special)}; }

const std::string& Value::text() const { return as<String>().text; }
bool Value::safe() const { return kind_ == Kind::kString && as<String>().safe; }
const Values& Value::items() const { return as<Sequence>().items; }
const Dict& Value::entries() const { return as<DictObject>().dict; }

std::optional<size_t> Dict::index_of(std::string_view key) const {
  if (pairs_.size() > kFewKeys) {
    auto found = index_.find(key);
    return found == index_.end() ? std::nullopt : std::optional(found->second);
  }
  for (size_t i = 0; i < pairs_.size(); ++i)
    if (pairs_[i].first.is_string() && pairs_[i].first.text() == key) return i;
  return std::nullopt;
}

std::optional<size_t> Dict::index_of(const Value& key, Budget& budget) const {
  if (key.is_string()) return budget.bytes(key.text().size()), index_of(key.text());
  if (!hashable(key)) fault("unhashable type: '" + type_name(key) + "'");
  budget.values(pairs_.size());
  for (size_t i = 0; i < pairs_.size(); ++i)
    if (!pairs_[i].first.is_string() && equal(pairs_[i].first, key, budget)) return i;
  return std::nullopt;
}

const Value* Dict::find(std::string_view key) const {
  auto i = index_of(key);
  return i ? &pairs_[*i].second : nullptr;
}

const Value* Dict::find(const Value& key, Budget& budget) const {
  auto i = index_of(key, budget);
  return i ? &pairs_[*i].second : nullptr;
}

void Dict::append(Value key, Value value) {
  pairs_.emplace_back(std::move(key), std::move(value));
  auto note = [this](size_t i) {
    if (pairs_[i].first.is_string()) index_.emplace(pairs_[i].first.text(), i);
  };
  if (pairs_.size() == kFewKeys + 1)
    for (size_t i = 0; i < pairs_.size(); ++i) note(i);
  else if (pairs_.size() > kFewKeys)
    note(pairs_.size() - 1);
}

void Dict::set(const Value& key, const Value& value, Budget& budget) {
  if (auto i = index_of(key, budget))
    pairs_[*i].second = value;
  else
    append(key, value);
}

void Dict::set(std::string key, Value value) {
  if (auto i = index_of(key))
    pairs_[*i].second = std::move(value);
  else
    append(Value::string(std::move(key)), std::move(value));
}

Value Special::call(Interpreter&, Arguments&) { fault(std::string("'") + type_name() + "' object is not callable"); }

std::string type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return "Undefined";
    case Kind::kNone:
      return "NoneType";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return value.safe() ? "Markup" : "str";
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kDict:
      return "dict";
    case Kind::kRange:
      return "range";
    case Kind::kView: {
      ViewPart part = value.as<View>().part;
      return part == ViewPart::kKeys ? "dict_keys" : part == ViewPart::kValues ? "dict_values" : "dict_items";
    }
    case Kind::kIterator:
      return "generator";
    case Kind::kSpecial:
      return value.as<Special>().type_name();
  }
  return "object";
}

}  // namespace athanor::text::templates

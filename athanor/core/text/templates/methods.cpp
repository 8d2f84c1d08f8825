#include "athanor/core/text/templates/methods.h"

#include "athanor/core/text/templates/compare.h"
#include "athanor/core/text/templates/function.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/represent.h"
#include "athanor/core/text/templates/text_methods.h"

namespace athanor::text::templates {
namespace {

Value get(Interpreter& in, const Value& self, const Given& given) {
  const Value* found = self.entries().find(given[0], in.budget());
  return found ? *found : given.value_or(1, Value());
}

Value index(Interpreter& in, const Value& self, const Given& given) {
  const Values& items = self.items();
  for (size_t i = 0; i < items.size(); ++i)
    if (equal(items[i], given[0], in.budget())) return Value::integer(static_cast<int64_t>(i));
  fault(repr_of(given[0], in.budget()) + " is not in " + type_name(self));
}

Value count(Interpreter& in, const Value& self, const Given& given) {
  int64_t n = 0;
  for (const Value& item : self.items()) n += equal(item, given[0], in.budget());
  return Value::integer(n);
}

Value copy(Interpreter&, const Value& self, const Given&) { return self; }
Value is_integer(Interpreter&, const Value& self, const Given&) {
  return Value::boolean(self.is_whole() || self.real() == static_cast<double>(static_cast<int64_t>(self.real())));
}

template <ViewPart part>
Value view(Interpreter&, const Value& self, const Given&) {
  return Value::view(part, self);
}

constexpr MethodRow kOfDicts[] = {
    {"copy", "", copy},
    {"get", "key default?", get},
    {"items", "", view<ViewPart::kItems>},
    {"keys", "", view<ViewPart::kKeys>},
    {"values", "", view<ViewPart::kValues>},
};
constexpr MethodRow kOfSequences[] = {{"copy", "", copy}, {"count", "value", count}, {"index", "value", index}};
constexpr MethodRow kOfNumbers[] = {{"is_integer", "", is_integer}};

std::span<const MethodRow> methods_of(const Value& object) {
  if (object.is_string()) return text_methods();
  if (object.is(Kind::kDict)) return kOfDicts;
  if (object.is(Kind::kList)) return kOfSequences;
  if (object.is(Kind::kTuple)) return std::span(kOfSequences).subspan(1);
  if (object.is(Kind::kFloat)) return kOfNumbers;
  return {};
}

}  // namespace

std::optional<Value> method_of(const Value& object, std::string_view name) {
  for (const MethodRow& row : methods_of(object)) {
    if (name != row.name) continue;
    auto body = [object, run = row.run](Interpreter& in, const Given& given) {
      if (object.is_string()) in.budget().bytes(object.text().size());
      return run(in, object, given);
    };
    return function(row.name, row.parameters, body, object.nesting());
  }
  return std::nullopt;
}

}  // namespace athanor::text::templates

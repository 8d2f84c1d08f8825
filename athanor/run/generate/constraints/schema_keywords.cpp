#include "athanor/run/generate/constraints/schema_keywords.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/constraints/schema_merge.h"

namespace athanor::generate {

using base::Json;

namespace {

constexpr std::string_view kTypes[] = {"object", "array", "string", "number", "integer", "boolean", "null"};

/// The keywords that restrict, and the type that each speaks of ("" for all).
struct Keyword {
  std::string_view name, type;
};
constexpr Keyword kKeywords[] = {
    {"type", ""},
    {"enum", ""},
    {"const", ""},
    {"anyOf", ""},
    {"oneOf", ""},
    {"allOf", ""},
    {"$ref", ""},
    {"properties", "object"},
    {"required", "object"},
    {"additionalProperties", "object"},
    {"minProperties", "object"},
    {"maxProperties", "object"},
    {"items", "array"},
    {"prefixItems", "array"},
    {"additionalItems", "array"},
    {"minItems", "array"},
    {"maxItems", "array"},
    {"uniqueItems", "array"},
    {"pattern", "string"},
    {"format", "string"},
    {"minLength", "string"},
    {"maxLength", "string"},
    {"minimum", "number"},
    {"maximum", "number"},
    {"exclusiveMinimum", "number"},
    {"exclusiveMaximum", "number"},
};

bool is_of_type(const Json& v, std::string_view type) {
  if (type == "number") return v.is_number();
  if (type == "integer") return v.is_number_integer();
  return type == v.type_name();
}

}  // namespace

SchemaKeywords::SchemaKeywords(const Json& schema, const SchemaFail& fail) : schema_(schema), fail_(fail) {
  if (!schema.is_object()) this->fail("a schema is an object, true or false", schema.type_name());
  for (const auto& [key, unused] : schema.items())
    if (!is_annotation(key) &&
        std::none_of(std::begin(kKeywords), std::end(kKeywords), [&](const Keyword& k) { return k.name == key; }))
      this->fail("an unsupported keyword", key);
}

void SchemaKeywords::fail(const std::string& what, const std::string& got, const std::string& expected) const {
  fail_(what, got, expected);
  base::bug("generate.json_schema", {"a failure was not thrown"});
}

bool SchemaKeywords::has(const char* keyword) const { return schema_.contains(keyword); }

bool SchemaKeywords::restricts_beside(std::string_view keyword) const {
  for (const auto& [name, unused] : schema_.items())
    if (name != keyword && !is_annotation(name)) return true;
  return false;
}

std::vector<std::string_view> SchemaKeywords::types() const {
  std::vector<std::string_view> out;
  if (has("type")) {
    const Json& type = schema_["type"];
    for (const Json& t : type.is_array() ? type : Json::array({type})) {
      const auto known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](std::string_view k) { return t == Json(k); });
      if (known == std::end(kTypes)) fail("an unknown type", t.dump(), "object, array, string, number, integer, boolean or null");
      out.push_back(*known);
    }
    return out;
  }
  for (const Keyword& k : kKeywords)
    if (!k.type.empty() && schema_.contains(k.name) && std::find(out.begin(), out.end(), k.type) == out.end())
      out.push_back(k.type);
  if (out.empty()) out = {"object", "array", "string", "number", "boolean", "null"};
  return out;
}

std::vector<Json> SchemaKeywords::literals() const {
  for (const auto& [key, unused] : schema_.items())
    if (key != "enum" && key != "const" && key != "type" && !is_annotation(key))
      fail("a keyword that is not supported beside enum or const", key);
  const auto types = this->types();
  std::vector<Json> out;
  const Json values = has("enum") ? schema_["enum"] : Json::array({schema_["const"]});
  if (!values.is_array()) fail("enum is not a list", values.type_name());
  for (const Json& v : values)
    if ((!has("const") || v == schema_["const"]) &&
        std::any_of(types.begin(), types.end(), [&](std::string_view t) { return is_of_type(v, t); }))
      out.push_back(v);
  return out;
}

const std::string& SchemaKeywords::text(const char* keyword) const {
  if (!schema_[keyword].is_string()) fail(base::cat(keyword, " is not a text"), schema_[keyword].type_name());
  return schema_[keyword].get_ref<const std::string&>();
}

const Json& SchemaKeywords::list(const char* keyword) const {
  const Json& list = schema_[keyword];
  if (!list.is_array() || list.empty()) fail(base::cat(keyword, " is not a list"), list.dump(), "a list with at least one element");
  return list;
}

const Json& SchemaKeywords::properties() const {
  static const Json kNone = Json::object();
  if (!has("properties")) return kNone;
  if (!schema_["properties"].is_object()) fail("properties is not an object", schema_["properties"].type_name());
  return schema_["properties"];
}

std::vector<std::string> SchemaKeywords::required() const {
  std::vector<std::string> out;
  if (!has("required")) return out;
  if (!schema_["required"].is_array()) fail("required is not a list", schema_["required"].type_name(), "a list of names");
  for (const Json& name : schema_["required"]) {
    if (!name.is_string()) fail("required holds something else than names", name.dump());
    if (std::find(out.begin(), out.end(), name.get<std::string>()) == out.end()) out.push_back(name.get<std::string>());
  }
  return out;
}

int64_t SchemaKeywords::count(const char* keyword, int64_t otherwise) const {
  if (!has(keyword)) return otherwise;
  const Json& n = schema_[keyword];
  const double value = n.is_number() ? n.get<double>() : -1;
  if (value < 0 || std::trunc(value) != value) fail(base::cat(keyword, " is not a whole number"), n.dump(), "0 or more");
  return value > 1e18 ? kUnbounded : static_cast<int64_t>(value);
}

std::pair<int64_t, int64_t> SchemaKeywords::counts(const char* min_keyword, const char* max_keyword) const {
  const int64_t min = count(min_keyword, 0);
  int64_t max = count(max_keyword, kUnbounded);
  if (min > max) fail(base::cat(min_keyword, " is above ", max_keyword), base::cat(min, " and ", max));
  if (min > kMostRepeats) fail(base::cat(min_keyword, " is too large"), base::cat(min), base::cat("at most ", kMostRepeats));
  if (has(max_keyword)) max = std::min(max, kMostRepeats);
  return {min, max};
}

std::optional<NumberBound> SchemaKeywords::bound(const char* keyword, const char* exclusive_keyword, bool lower) const {
  std::optional<NumberBound> out;
  for (const char* k : {keyword, exclusive_keyword}) {
    if (!has(k)) continue;
    const Json& number = schema_[k];
    if (!number.is_number()) fail(base::cat(k, " is not a number"), number.dump());
    const double value = std::clamp(number.get<double>(), -9e18, 9e18);
    const double whole = lower ? std::ceil(value) : std::floor(value);
    const bool exact = number.is_number_integer() && std::abs(value) < 9e18;
    const NumberBound b = {exact ? number.get<int64_t>() : static_cast<int64_t>(whole), k == exclusive_keyword && whole == value};
    if (!out || (lower ? b.value > out->value : b.value < out->value) || (b.value == out->value && b.exclusive)) out = b;
  }
  return out;
}

void SchemaKeywords::check_member_counts(size_t fewest, size_t most, bool open) const {
  if (count("minProperties", 0) > static_cast<int64_t>(fewest)) fail("an unsupported keyword", "minProperties", "required names");
  if (has("maxProperties") && (open || count("maxProperties", 0) < static_cast<int64_t>(most)))
    fail("an unsupported keyword", "maxProperties", "additionalProperties: false");
}

}  // namespace athanor::generate

#include "athanor/run/generate/constraints/schema_merge.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/run/generate/constraints/grammar.h"

namespace athanor::generate {

using base::Json;

bool is_annotation(std::string_view keyword) {
  static constexpr std::string_view kWords[] = {"title",           "description", "default",  "examples",    "example",
                                                "$schema",         "$id",         "$comment", "deprecated",  "readOnly",
                                                "writeOnly",       "$defs",       "id",       "definitions", "contentEncoding",
                                                "contentMediaType"};
  return keyword.starts_with("x-") || std::find(std::begin(kWords), std::end(kWords), keyword) != std::end(kWords);
}

namespace {

Json as_list(const Json& value) { return value.is_array() ? value : Json::array({value}); }

Json common_types(const Json& a, const Json& b) {
  Json out = Json::array();
  for (const Json& x : as_list(a))
    for (const Json& y : as_list(b)) {
      if (x == y) out.push_back(x);
      if (x == "integer" && y == "number") out.push_back(x);
      if (x == "number" && y == "integer") out.push_back(y);
    }
  return out;
}

Json common_values(const Json& a, const Json& b) {
  Json out = Json::array();
  for (const Json& x : a)
    if (std::find(b.begin(), b.end(), x) != b.end()) out.push_back(x);
  return out;
}

Json both(const Json& a, const Json& b) { return Json{{"allOf", Json::array({a, b})}}; }

void merge_properties(Json& into, const Json& more) {
  for (const auto& [name, schema] : more.items()) {
    if (into.contains(name))
      into[name] = both(into[name], schema);
    else
      into[name] = schema;
  }
}

}  // namespace

/// Without $ref and allOf at the top.
Json SchemaMerger::flattened(const Json& schema, int depth) const {
  if (depth > kDeepestNesting) fail_("schemas refer to each other too deeply", "");
  if (!schema.is_object()) return schema;
  Json out = Json::object();
  for (const auto& [key, value] : schema.items())
    if (key != "$ref" && key != "allOf") out[key] = value;
  if (schema.contains("$ref") && schema["$ref"].is_string())
    out = merge(out, resolve_(schema["$ref"].get<std::string>()), depth + 1);
  if (schema.contains("allOf") && schema["allOf"].is_array())
    for (const Json& part : schema["allOf"]) out = merge(out, part, depth + 1);
  return out;
}

Json SchemaMerger::merge(const Json& a, const Json& b, int depth) const {
  const Json x = flattened(a, depth), y = flattened(b, depth);
  if (x.is_boolean()) return x.get<bool>() ? y : x;
  if (y.is_boolean()) return y.get<bool>() ? x : y;
  if (!x.is_object() || !y.is_object()) fail_("a schema is an object, true or false", (x.is_object() ? y : x).type_name());
  check_shapes(x, y);
  Json out = x;
  for (const auto& [key, value] : y.items()) {
    if (!out.contains(key))
      out[key] = value;
    else if (out[key] != value && !is_annotation(key))
      merge_keyword(out, key, value);
    if (out.is_boolean()) return out;  // nothing holds for both
  }
  return out;
}

void SchemaMerger::merge_keyword(Json& into, const std::string& key, const Json& value) const {
  Json& old = into[key];
  const auto is_one_of = [&](std::initializer_list<const char*> keys) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  const bool numbers = old.is_number() && value.is_number(), lists = old.is_array() && value.is_array();
  if (key == "type") {
    old = common_types(old, value);
    if (old.empty()) into = Json(false);
  } else if (key == "const") {
    into = Json(false);
  } else if (key == "enum" && lists) {
    old = common_values(old, value);
  } else if (key == "required" && lists) {
    for (const Json& name : value)
      if (std::find(old.begin(), old.end(), name) == old.end()) old.push_back(name);
  } else if (key == "properties" && old.is_object() && value.is_object()) {
    merge_properties(old, value);
  } else if (is_one_of({"items", "additionalProperties"})) {
    old = both(old, value);
  } else if (numbers && is_one_of({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})) {
    if (value > old) old = value;
  } else if (numbers && is_one_of({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})) {
    if (value < old) old = value;
  } else {
    fail_("two schemas that both hold cannot be merged", key);
  }
}

/// Keywords that speak of what the other schema's keywords leave over.
void SchemaMerger::check_shapes(const Json& a, const Json& b) const {
  for (const auto& [x, y] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (x->contains("prefixItems") && (y->contains("items") || y->contains("prefixItems")))
      fail_("two schemas that both hold cannot be merged", "prefixItems");
    if (!x->contains("additionalProperties") || (*x)["additionalProperties"] == Json(true)) continue;
    if (!y->contains("properties") || !(*y)["properties"].is_object()) continue;
    for (const auto& [name, schema] : (*y)["properties"].items())
      if (!x->contains("properties") || !(*x)["properties"].contains(name))
        fail_("two schemas that both hold cannot be merged", "additionalProperties");
  }
}

}  // namespace athanor::generate

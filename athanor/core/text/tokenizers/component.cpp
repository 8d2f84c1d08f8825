#include "athanor/core/text/tokenizers/component.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/tokenizers/regex.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

std::string excerpt(const base::Json& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "a list";
  std::string text = json.dump();
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

}  // namespace

Component::Component(const base::Json& json, std::string place) : json_(&json), place_(std::move(place)) {
  if (!json.is_object()) fail("not an object", excerpt(json));
}

void Component::fail(std::string_view what, std::string got, std::string expected) const {
  base::file_error("text.tokenizer_json", {base::cat(place_, ": ", what), std::move(got), std::move(expected)});
}

const base::Json* Component::member(const char* key) const {
  auto it = json_->find(key);
  return it == json_->end() || it->is_null() ? nullptr : &*it;
}

const base::Json& Component::required(const char* key, const char* kind) const {
  const base::Json* value = member(key);
  if (!value) fail(base::cat("\"", key, "\" is missing"), "", kind);
  return *value;
}

bool Component::has(const char* key) const { return member(key) != nullptr; }

bool Component::boolean(const char* key, std::optional<bool> otherwise) const {
  if (otherwise && !member(key)) return *otherwise;
  const base::Json& value = required(key, "true or false");
  if (!value.is_boolean()) fail(base::cat("\"", key, "\" is wrong"), excerpt(value), "true or false");
  return value.get<bool>();
}

std::string Component::text(const char* key) const {
  const base::Json& value = required(key, "a string");
  if (!value.is_string()) fail(base::cat("\"", key, "\" is wrong"), excerpt(value), "a string");
  return value.get<std::string>();
}

std::string Component::short_text(const char* key) const {
  std::string value = text(key);
  if (value.size() > 1024) fail(base::cat("\"", key, "\" is too long"), base::cat(value.size(), " bytes"), "at most 1024");
  return value;
}

std::optional<std::string> Component::optional_text(const char* key) const {
  return member(key) ? std::optional(text(key)) : std::nullopt;
}

std::string Component::character(const char* key) const {
  std::string value = text(key);
  if (value.empty() || char_at(value.data()).length != value.size())
    fail(base::cat("\"", key, "\" is wrong"), base::cat("\"", value.substr(0, 60), "\""), "one character");
  return value;
}

int64_t Component::integer(const char* key, int64_t low, int64_t high) const {
  const base::Json& value = required(key, "an integer");
  std::string range = base::cat("an integer from ", low, " to ", high);
  bool whole = value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX});
  if (!whole || value.get<int64_t>() < low || value.get<int64_t>() > high)
    fail(base::cat("\"", key, "\" is wrong"), excerpt(value), range);
  return value.get<int64_t>();
}

Component Component::object(const char* key) const { return Component(required(key, "an object"), base::cat(place_, ".", key)); }

std::vector<Component> Component::list(const char* key) const {
  const base::Json& value = required(key, "a list");
  if (!value.is_array()) fail(base::cat("\"", key, "\" is wrong"), excerpt(value), "a list");
  std::vector<Component> items;
  for (const base::Json& item : value) items.emplace_back(item, base::cat(place_, ".", key, "[", items.size(), "]"));
  return items;
}

std::optional<std::string> Component::plain_pattern(const char* key) const { return object(key).optional_text("String"); }

std::string Component::pattern(const char* key) const {
  Component pattern = object(key);
  if (auto plain = pattern.optional_text("String")) return escape_regex(*plain);
  if (auto regex = pattern.optional_text("Regex")) return *regex;
  pattern.fail("neither a String nor a Regex");
}

}  // namespace athanor::text

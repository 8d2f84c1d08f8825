// Every text that a random model writes under a schema is read by nlohmann's parser, and valid by valijson where it is installed.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#if __has_include(<valijson/validator.hpp>)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop
#define ATH_HAS_VALIJSON 1
#else
#define ATH_HAS_VALIJSON 0
#endif

#include "tests/run/generate/toy_model.h"

namespace athanor::generate {
namespace {

class Validator {
 public:
#if ATH_HAS_VALIJSON
  explicit Validator(const nlohmann::json& schema) : document_(schema) {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    const valijson::adapters::NlohmannJsonAdapter adapter(document_);
    parser.populateSchema(adapter, schema_);
  }
  bool takes(const nlohmann::json& value) {
    valijson::Validator validator;
    return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(value), nullptr);
  }

 private:
  nlohmann::json document_;
  valijson::Schema schema_;
#else
  explicit Validator(const nlohmann::json&) {}
  bool takes(const nlohmann::json&) { return true; }
#endif
};

// In draft 7's words, which valijson knows.
const char* const kSchemas[] = {
    "{}",
    R"({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 130}}, "required": ["name", "age"]})",
    R"({"type": "object", "properties": {"a": {"type": "boolean"}, "ab": {"type": "null"}, "abc": {"type": "number"}, "b": {"enum": ["x", 1, null, [1, 2], {"k": "v"}]}}, "required": ["abc"], "additionalProperties": false})",
    R"({"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 1, "maxItems": 4})",
    R"({"type": "array", "items": [{"type": "integer"}, {"const": "two"}], "additionalItems": {"type": "boolean"}, "minItems": 1, "maxItems": 5})",
    R"({"definitions": {"node": {"type": "object", "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#/definitions/node"}}}, "required": ["value"], "additionalProperties": false}}, "$ref": "#/definitions/node"})",
    R"({"anyOf": [{"type": "string", "pattern": "^[a-z]{2,4}(-[0-9]+)?$"}, {"type": "integer", "exclusiveMinimum": -5, "exclusiveMaximum": 1205}]})",
    R"({"type": "string", "pattern": "^[a-e]{0,3}b\"?[\\\\\n]"})",
    R"({"allOf": [{"type": "object", "properties": {"id": {"type": "integer", "minimum": 10}}, "required": ["id"]}, {"properties": {"id": {"maximum": 99}, "tags": {"type": "array", "items": {"type": "string"}}}, "required": ["tags"]}]})",
    R"({"type": "object", "additionalProperties": {"type": "integer"}, "properties": {"na": {"type": "string"}, "name": {"type": "string"}}})",
    R"({"type": ["integer", "null", "boolean"], "description": "any of three"})",
    R"({"type": "array", "items": {"type": "number", "minimum": -2.5, "maximum": 3}, "maxItems": 3})",
    R"({"type": "number", "exclusiveMinimum": 0, "maximum": 1})",
    R"({"type": "integer", "maximum": -17})",
    R"({"type": "integer", "minimum": 98765, "maximum": 1234567})",
    R"({"type": "string", "minLength": 2, "maxLength": 3})",
    R"({"type": "object", "required": ["x"], "additionalProperties": {"type": "string", "maxLength": 8}})",
    R"({"type": "object", "properties": {"when": {"type": "string", "format": "date"}, "at": {"type": "string", "format": "date-time"}, "mail": {"type": "string", "format": "email"}, "ip": {"type": "string", "format": "ipv4"}}, "required": ["when", "at", "mail", "ip"]})",
    R"({"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]}, {"type": "object", "properties": {"kind": {"const": "b"}, "n": {"type": "integer"}}, "required": ["kind", "n"]}]})",
};

TEST(JsonSchema, EveryTextIsValid) {
  for (const char* schema : kSchemas) {
    Validator validator(nlohmann::json::parse(schema));
    std::set<std::string> texts;
    for (const std::string& text : many_texts("json-schema", schema, 2000)) {
      const auto value = nlohmann::json::parse(text, nullptr, false);
      ASSERT_FALSE(value.is_discarded()) << schema << " and " << text;
      ASSERT_TRUE(validator.takes(value)) << schema << " and " << text;
      texts.insert(text);
    }
    EXPECT_GT(texts.size(), 5u) << schema;
  }
}

/// Texts that a schema takes or not: what is generated is valid, and these common forms are generated.
bool can_write(const char* schema, const std::string& text) {
  const text::TokenId end[] = {0};
  const Constraint constraint("json-schema", schema, "", toy_tokenizer(), end);
  const auto step = constraint.step();
  std::vector<text::TokenId> ids = toy_tokenizer().encode(text, {});
  ids.push_back(0);
  for (size_t i = 0; i < ids.size(); ++i) {
    std::vector<float> scores(static_cast<size_t>(toy_tokenizer().vocab_size()));
    step->apply(scores, {{}, std::span(ids).first(i)});
    if (scores[static_cast<size_t>(ids[i])] != 0) return false;
  }
  return true;
}

TEST(JsonSchema, WritesTheCommonForms) {
  const char* any = "{}";
  for (const char* text : {"{}", "[]", "null", "-0.5e+10", "\"a\\u00e9\\n\"", R"({"a": [1, {"b":null}], "c": "d"})",
                           "{\n  \"a\": 1\n}", "[[[[[]]]]]", "\"\\ud83d\\ude00\""})
    EXPECT_TRUE(can_write(any, text)) << text;
  for (const char* text :
       {"", " 1", "01", "1.", "{a:1}", "[1,]", "\"\\ud83d\"", "\"\t\"", "tru", "1e400", "{\"a\"}", "[[]", "nullx"})
    EXPECT_FALSE(can_write(any, text)) << text;
  const char* person =
      R"({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name"]})";
  EXPECT_TRUE(can_write(person, R"({"name":"A","age":3})"));
  EXPECT_TRUE(can_write(person, R"({"name": "A"})"));
  EXPECT_FALSE(can_write(person, R"({"age": 3})"));
  EXPECT_FALSE(can_write(person, R"({"name": "A", "other": 1})"));
  EXPECT_TRUE(can_write(R"({"type": "integer", "minimum": 7, "maximum": 1000})", "1000"));
  EXPECT_FALSE(can_write(R"({"type": "integer", "minimum": 7, "maximum": 1000})", "1001"));
  EXPECT_FALSE(can_write(R"({"type": "integer", "minimum": 7, "maximum": 1000})", "6"));
  EXPECT_TRUE(can_write(R"({"type": "number", "minimum": 0})", "0.25"));
  EXPECT_FALSE(can_write(R"({"type": "number", "minimum": 0})", "-0.25"));
  EXPECT_TRUE(can_write(R"({"type": "array", "maxItems": 18446744073709551615, "items": {"type": "null"}})", "[null, null]"));
  EXPECT_TRUE(can_write(R"({"type": "object", "maxProperties": 1, "properties": {"a": true}, "required": ["a"]})", "{\"a\":[]}"));
}

/// All whole numbers of a range, and none beside it.
TEST(JsonSchema, WholeNumberRangesAreExact) {
  for (const auto& [low, high] : {std::pair(-123, 45), {0, 9}, {7, 7}, {98, 1203}, {-20, -3}, {-1, 0}, {100, 199}}) {
    const std::string schema =
        "{\"type\": \"integer\", \"minimum\": " + std::to_string(low) + ", \"maximum\": " + std::to_string(high) + "}";
    for (int n = low - 12; n <= high + 12; n += (high - low > 300 ? 7 : 1))
      ASSERT_EQ(can_write(schema.c_str(), std::to_string(n)), n >= low && n <= high) << schema << " " << n;
    for (int n : {low - 1, low, high, high + 1})
      ASSERT_EQ(can_write(schema.c_str(), std::to_string(n)), n >= low && n <= high) << schema << " " << n;
  }
}

}  // namespace
}  // namespace athanor::generate

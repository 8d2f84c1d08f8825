// --json-schema: the text is a JSON value that the schema takes (draft 2020-12; older spellings of definitions and tuples too).
// What is generated is always valid; not everything valid is generated: members come in the schema's order, an absent
// additionalProperties beside properties adds none, white space is modest. A keyword that cannot be kept is an error, never
// ignored. Checked against valijson: every generated text is valid there.

#include <deque>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/json.h"
#include "athanor/run/generate/constraints/json_formats.h"
#include "athanor/run/generate/constraints/json_text.h"
#include "athanor/run/generate/constraints/regex.h"
#include "athanor/run/generate/constraints/schema_keywords.h"
#include "athanor/run/generate/constraints/schema_merge.h"
#include "athanor/run/generate/constraints/shelf.h"

namespace athanor::generate {
namespace {

using base::Json;

class SchemaWriter {
 public:
  SchemaWriter(Grammar& grammar, const Json& root)
      : g_(grammar),
        json_(grammar),
        root_(root),
        fail_([this](const std::string& what, const std::string& got, const std::string& expected) { fail(what, got, expected); }),
        merger_([this](const std::string& reference) -> const Json& { return resolve(reference); },
                [this](const std::string& what, const std::string& got) { fail(what, got); }) {}

  void run() {
    g_.root = rule_for(root_, "#");
    for (; !todo_.empty(); todo_.pop_front()) {
      path_ = todo_.front().path;
      g_.define(todo_.front().rule, value(*todo_.front().schema));
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& got, const std::string& expected = {}) const {
    g_.fail({base::cat("the schema at ", path_, ": ", what), got, expected});
  }

  /// Goes down the schema, for messages and for the limit on its depth.
  class Step {
   public:
    Step(SchemaWriter& writer, std::string_view name) : writer_(writer), length_(writer.path_.size()) {
      writer_.path_ += base::cat('/', name);
      if (++writer_.depth_ > kDeepestNesting)
        writer_.fail("nested too deeply", "", base::cat("at most ", kDeepestNesting, " levels"));
    }
    Step(const Step&) = delete;
    ~Step() {
      writer_.path_.resize(length_);
      --writer_.depth_;
    }

   private:
    SchemaWriter& writer_;
    size_t length_;
  };

  /// Written later, so that chains of references do not nest.
  RuleId rule_for(const Json& schema, const std::string& path) {
    const auto [it, is_new] = rules_.try_emplace(&schema, 0);
    if (!is_new) return it->second;
    it->second = g_.add_rule(path);
    todo_.push_back({&schema, it->second, path});
    return it->second;
  }

  const Json& resolve(const std::string& reference) const {
    g_.work(1000);
    if (!reference.starts_with('#')) fail("a $ref outside of the schema", reference, "#/...");
    try {
      return root_.at(Json::json_pointer(reference.substr(1)));
    } catch (const Json::exception&) {
      fail("a $ref leads nowhere", reference);
    }
  }

  ExprId value(const Json& schema) {
    if (schema.is_boolean()) return schema.get<bool>() ? json_.value() : json_.nothing();
    const SchemaKeywords k(schema, fail_);
    if (!k.restricts()) return json_.value();
    if (k.has("$ref"))
      return k.restricts_beside("$ref") ? merged(schema, Json(true)) : g_.rule(rule_for(resolve(k.text("$ref")), k.text("$ref")));
    if (k.has("allOf")) return k.list("allOf"), merged(schema, Json(true));
    for (const char* key : {"anyOf", "oneOf"})
      if (k.has(key)) return alternatives(schema, k, key);
    if (k.has("enum") || k.has("const")) return literals(k);
    std::vector<ExprId> ways;
    for (std::string_view type : k.types()) ways.push_back(typed(schema, k, type));
    return g_.choice(std::move(ways));
  }

  /// A schema made here lives as long as the writer, because rules remember where schemas lie.
  ExprId merged(const Json& a, const Json& b) {
    g_.work(1000);
    made_.push_back(merger_.merge(a, b));
    const Step step(*this, "allOf");
    return value(made_.back());
  }

  ExprId alternatives(const Json& schema, const SchemaKeywords& k, const char* key) {
    const bool beside = k.restricts_beside(key);
    Json rest = schema;
    rest.erase(key);
    std::vector<ExprId> ways;
    const Json& branches = k.list(key);
    for (size_t i = 0; i < branches.size(); ++i) {
      const Step step(*this, base::cat(key, '/', i));
      ways.push_back(beside ? merged(rest, branches[i]) : value(branches[i]));
    }
    return g_.choice(std::move(ways));
  }

  ExprId literals(const SchemaKeywords& k) {
    std::vector<ExprId> ways;
    for (const Json& literal : k.literals()) ways.push_back(g_.bytes(literal.dump()));
    return g_.choice(std::move(ways));
  }

  ExprId typed(const Json& schema, const SchemaKeywords& k, std::string_view type) {
    if (type == "object") return object(schema, k);
    if (type == "array") return array(schema, k);
    if (type == "string") return string(k);
    if (type == "number" || type == "integer") return number(k, type == "integer");
    if (type == "boolean") return g_.choice({g_.bytes("true"), g_.bytes("false")});
    return g_.bytes("null");
  }

  ExprId string(const SchemaKeywords& k) {
    const auto [min, max] = k.counts("minLength", "maxLength");
    if (!k.has("pattern") && !k.has("format")) return json_.string_of_length(min, max);
    if (min > 0 || max != kUnbounded)
      fail("a length beside pattern or format is not supported", k.has("minLength") ? "minLength" : "maxLength", "one of them");
    if (k.has("pattern") && k.has("format")) fail("format beside pattern is not supported", "format", "one of them");
    RegexOptions options = {.part = k.has("pattern"), .chars = [this](const CharSet& set) { return json_.string_char(set); }};
    if (options.part) return json_.quoted(parse_regex(g_, k.text("pattern"), options));
    std::string names;
    for (const JsonFormat& f : json_formats()) {
      if (f.name == k.text("format")) return json_.quoted(parse_regex(g_, f.pattern, options));
      names += base::cat(names.empty() ? "" : ", ", f.name);
    }
    fail("an unsupported format", k.text("format"), names);
  }

  ExprId number(const SchemaKeywords& k, bool whole) {
    const auto low = k.bound("minimum", "exclusiveMinimum", true), high = k.bound("maximum", "exclusiveMaximum", false);
    if (low || high) return json_.number_between(low, high, whole);
    return whole ? json_.integer() : json_.number();
  }

  ExprId array(const Json& schema, const SchemaKeywords& k) {
    if (k.has("uniqueItems") && schema["uniqueItems"] != Json(false)) fail("an unsupported keyword", "uniqueItems");
    const auto [min, max] = k.counts("minItems", "maxItems");
    const bool tuple = k.has("items") && schema["items"].is_array();  // as it was before draft 2020-12
    const char* first_key = tuple ? "items" : "prefixItems";
    const char* rest_key = tuple ? "additionalItems" : "items";
    std::vector<ExprId> first;
    for (size_t i = 0; k.has(first_key) && i < k.list(first_key).size(); ++i) {
      const Step step(*this, base::cat(first_key, '/', i));
      first.push_back(value(schema[first_key][i]));
    }
    const bool more = !k.has(rest_key) || schema[rest_key] != Json(false);
    ExprId other = json_.value();
    if (more && k.has(rest_key)) {
      const Step step(*this, rest_key);
      other = value(schema[rest_key]);
    }
    if (first.empty() && more && max > 0) first.push_back(other);
    if (std::ssize(first) > max) first.resize(static_cast<size_t>(max));
    if (first.empty()) return min > 0 ? json_.nothing() : json_.array(g_.bytes(""), true);
    return json_.array(items(first, other, min, more ? max : std::min<int64_t>(max, std::ssize(first))), min == 0);
  }

  /// `first` (at least one), then others: min to max in all, but at least one.
  ExprId items(const std::vector<ExprId>& first, ExprId other, int64_t min, int64_t max) {
    const int64_t n = std::ssize(first);
    if (min > max) return json_.nothing();
    std::vector<ExprId> parts = {first[0]};
    for (size_t i = 1; i < first.size(); ++i) parts.push_back(g_.sequence({json_.comma(), first[i]}));
    if (max > n)
      parts.push_back(
          g_.repeat(g_.sequence({json_.comma(), other}), std::max<int64_t>(0, min - n), max == kUnbounded ? max : max - n));
    return g_.sequence_from(std::move(parts), static_cast<size_t>(std::clamp<int64_t>(min, 1, n + (min > n ? 1 : 0))));
  }

  ExprId object(const Json& schema, const SchemaKeywords& k) {
    const std::vector<std::string> required = k.required();
    const auto is_required = [&](const std::string& name) {
      return std::find(required.begin(), required.end(), name) != required.end();
    };
    std::vector<std::string> names;
    std::vector<ExprId> parts;
    std::vector<bool> optional;
    for (const auto& [name, property] : k.properties().items()) {
      names.push_back(name);
      if (property == Json(false) && !is_required(name)) continue;
      const Step step(*this, base::cat("properties/", name));
      parts.push_back(member(g_.bytes(Json(name).dump()), value(property)));
      optional.push_back(!is_required(name));
    }
    const bool told = k.has("additionalProperties");
    const bool open = told ? schema["additionalProperties"] != Json(false) : names.empty() && required.empty();
    for (const std::string& name : required) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      names.push_back(name);
      parts.push_back(member(g_.bytes(Json(name).dump()), additional(schema, told)));
      optional.push_back(false);
    }
    k.check_member_counts(required.size(), parts.size(), open);
    if (open && !told) return json_.any_object();
    if (open) {
      const ExprId name = names.empty() ? json_.string() : json_.other_string(names);
      const ExprId one = member(name, additional(schema, told));
      parts.push_back(g_.sequence({one, g_.repeat(g_.sequence({json_.comma(), one}), 0)}));
      optional.push_back(true);
    }
    if (parts.empty()) return json_.object(g_.bytes(""), true);
    return json_.object(g_.list(std::move(parts), std::move(optional), json_.comma()), required.empty());
  }

  ExprId member(ExprId name, ExprId what) { return g_.sequence({name, g_.bytes(":"), json_.space(), what}); }

  ExprId additional(const Json& schema, bool told) {
    if (!told) return json_.value();
    const Step step(*this, "additionalProperties");
    return value(schema["additionalProperties"]);
  }

  struct Todo {
    const Json* schema;
    RuleId rule;
    std::string path;
  };

  Grammar& g_;
  JsonText json_;
  const Json& root_;
  SchemaFail fail_;
  SchemaMerger merger_;
  std::unordered_map<const Json*, RuleId> rules_;
  std::deque<Todo> todo_;
  std::deque<Json> made_;
  std::string path_;
  int depth_ = 0;
};

}  // namespace

namespace {

/// JSON that is malformed is the file's mistake, or the user's who typed it.
Json parse_schema(const GrammarOrigin& origin, std::string_view text) {
  const std::string source = origin.source.empty() ? "the schema" : origin.source;
  try {
    return base::parse_json(text, origin.where, source, {.depth = 100, .bytes = size_t{1} << 20});
  } catch (const base::Error& error) {
    if (origin.kind == error.kind()) throw;
    const std::string_view told = error.what();
    throw base::Error(origin.kind, origin.where, {std::string(told.substr(std::min(told.size(), told.find("] ") + 2)))});
  }
}

}  // namespace

void write_json_schema(Grammar& grammar, std::string_view text) {
  const Json root = parse_schema(grammar.origin(), text);
  SchemaWriter(grammar, root).run();
}

}  // namespace athanor::generate

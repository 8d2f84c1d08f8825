#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/option_walker.h"
#include "athanor/core/base/options.h"
#include "athanor/core/base/scalar.h"

namespace athanor::base {
namespace {

class TreeWriter : public OptionWalker {
 public:
  Node result;
  TreeWriter() { result.kind = Node::Kind::kMap; }
  void group(const char* name, const OptionInfo&, const std::function<void(OptionVisitor&)>& inside) override {
    TreeWriter below;
    inside(below);
    result.members.emplace_back(name, std::move(below.result));
  }

 protected:
  void leaf(const char* name, const OptionInfo&, const char*, Node value) override {
    result.members.emplace_back(name, std::move(value));
  }
};

class HelpWriter : public OptionWalker {
 public:
  std::string result;
  void group(const char* name, const OptionInfo&, const std::function<void(OptionVisitor&)>& inside) override {
    const std::string before = std::exchange(prefix_, dotted_name(prefix_, name));
    inside(*this);
    prefix_ = before;
  }

 protected:
  void leaf(const char* name, const OptionInfo& info, const char*, Node value) override {
    std::string shown = node_to_yaml(value);
    while (!shown.empty() && shown.back() == '\n') shown.pop_back();
    if (value.kind == Node::Kind::kMap || is_null(value) || shown == "\"\"" || shown == "[]") shown.clear();
    result += dotted_name(prefix_, name);
    if (info.required)
      result += " (required)";
    else if (!shown.empty())
      result += " (" + shown + ")";
    result += cat(": ", info.help);
    const std::string limits = info.choices.empty() ? range_text(info) : choices_text(info);
    result += limits.empty() ? "\n" : " [" + limits + "]\n";
  }

 private:
  std::string prefix_;
};

class SchemaWriter : public OptionWalker {
 public:
  Json result = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};

  void group(const char* name, const OptionInfo& info, const std::function<void(OptionVisitor&)>& inside) override {
    SchemaWriter below;
    inside(below);
    if (*info.help) below.result["description"] = info.help;
    add(name, info, std::move(below.result));
  }

 protected:
  void leaf(const char* name, const OptionInfo& info, const char* type, Node value) override {
    std::string kind = type;
    Json schema = Json::object(), one = Json::object();
    if (*info.help) schema["description"] = info.help;
    const bool list = kind.ends_with("[]");
    if (list) kind.resize(kind.size() - 2);
    if (!kind.empty()) one["type"] = kind;
    if (std::isfinite(info.min)) one["minimum"] = info.min;
    if (std::isfinite(info.max)) one["maximum"] = info.max;
    for (const char* choice : info.choices) one["enum"].push_back(choice);
    if (list)
      schema.update({{"type", "array"}, {"items", one}});
    else
      schema.update(one);
    if (!is_null(value)) schema["default"] = node_to_json(value);
    add(name, info, std::move(schema));
  }

 private:
  void add(const char* name, const OptionInfo& info, Json schema) {
    result["properties"][name] = std::move(schema);
    if (info.required) result["required"].push_back(name);
  }
};

}  // namespace

Node options_to_node(const Visit& visit) {
  TreeWriter writer;
  visit(writer);
  return std::move(writer.result);
}

std::string options_help(const Visit& visit) {
  HelpWriter writer;
  visit(writer);
  return writer.result;
}

Json options_schema(const Visit& visit) {
  SchemaWriter writer;
  visit(writer);
  writer.result["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  return std::move(writer.result);
}

}  // namespace athanor::base

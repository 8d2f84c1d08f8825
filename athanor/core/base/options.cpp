#include "athanor/core/base/options.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/scalar.h"

namespace athanor::base {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

std::string dotted(const std::string& prefix, const std::string& name) { return prefix.empty() ? name : prefix + "." + name; }

std::string range_text(const OptionInfo& info) {
  const bool low = std::isfinite(info.min), high = std::isfinite(info.max);
  if (low && high) return cat(info.min, " to ", info.max);
  if (low) return cat("at least ", info.min);
  return high ? cat("at most ", info.max) : "";
}

std::string choices_text(const OptionInfo& info) {
  std::string list;
  for (const char* choice : info.choices) list += (list.empty() ? "" : ", ") + std::string(choice);
  return list;
}

Node scalar_node(std::string text, bool quoted) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.scalar = std::move(text);
  node.quoted = quoted;
  return node;
}

Node node_of(bool value) { return scalar_node(cat(value), false); }
Node node_of(int64_t value) { return scalar_node(cat(value), false); }
Node node_of(const std::string& value) { return scalar_node(value, true); }
Node node_of(double value) {
  if (std::isnan(value)) return scalar_node(".nan", false);
  if (std::isinf(value)) return scalar_node(value > 0 ? ".inf" : "-.inf", false);
  return scalar_node(cat(value), false);
}
template <typename T>
Node node_of(const std::vector<T>& values) {
  Node node;
  node.kind = Node::Kind::kList;
  for (const T& value : values) node.items.push_back(node_of(value));
  return node;
}

/// One visitor for those that treat all kinds of value alike: leaf(name, info, JSON type, value as a tree).
class Walker : public OptionVisitor {
 public:
  void boolean(const char* name, bool& v, const OptionInfo& info) override { leaf(name, info, "boolean", node_of(v)); }
  void integer(const char* name, int64_t& v, const OptionInfo& info) override { leaf(name, info, "integer", node_of(v)); }
  void number(const char* name, double& v, const OptionInfo& info) override { leaf(name, info, "number", node_of(v)); }
  void text(const char* name, std::string& v, const OptionInfo& info) override { leaf(name, info, "string", node_of(v)); }
  void texts(const char* name, std::vector<std::string>& v, const OptionInfo& info) override {
    leaf(name, info, "string[]", node_of(v));
  }
  void numbers(const char* name, std::vector<double>& v, const OptionInfo& info) override {
    leaf(name, info, "number[]", node_of(v));
  }
  void tree(const char* name, Node& v, const OptionInfo& info) override { leaf(name, info, "", v); }

 protected:
  virtual void leaf(const char* name, const OptionInfo& info, const char* type, Node value) = 0;
};

/// Every option's dotted name and the other words for it.
class Names : public Walker {
 public:
  struct Name {
    std::string dotted, last;
    std::vector<const char*> others;
  };
  std::vector<Name> all;

  void group(const char* name, const OptionInfo& info, const std::function<void(OptionVisitor&)>& inside) override {
    all.push_back({dotted(prefix_, name), name, info.other_names});
    const std::string before = std::exchange(prefix_, dotted(prefix_, name));
    inside(*this);
    prefix_ = before;
  }

 protected:
  void leaf(const char* name, const OptionInfo& info, const char*, Node) override {
    all.push_back({dotted(prefix_, name), name, info.other_names});
  }

 private:
  std::string prefix_;
};

class Reader : public OptionVisitor {
 public:
  Reader(const Node& tree, const Visit& visit) {
    Names names;
    visit(names);
    names_ = std::move(names.all);
    read_level(tree, "", visit);
  }

  const std::vector<std::string>& mistakes() const { return mistakes_; }

  void boolean(const char* name, bool& value, const OptionInfo& info) override {
    const Node* node = take(name, info);
    if (!node) return;
    if (auto read = as_boolean(*node))
      value = *read;
    else
      wrong(*node, name, "true or false");
  }

  void integer(const char* name, int64_t& value, const OptionInfo& info) override {
    const Node* node = take(name, info);
    if (!node) return;
    auto read = as_integer(*node);
    if (auto number = as_number(*node); !read && number && std::trunc(*number) == *number && std::abs(*number) <= kExactIntegers)
      read = static_cast<int64_t>(*number);  // 1e9
    if (!read) return wrong(*node, name, "a whole number");
    if (in_range(*node, name, static_cast<double>(*read), info)) value = *read;
  }

  void number(const char* name, double& value, const OptionInfo& info) override {
    if (const Node* node = take(name, info)) read_number(*node, name, value, info);
  }

  void text(const char* name, std::string& value, const OptionInfo& info) override {
    if (const Node* node = take(name, info)) read_text(*node, name, value, info);
  }

  void texts(const char* name, std::vector<std::string>& value, const OptionInfo& info) override {
    read_list<std::string>(name, value, info, [&](const Node& item, std::string& one) { return read_text(item, name, one, info); });
  }

  void numbers(const char* name, std::vector<double>& value, const OptionInfo& info) override {
    read_list<double>(name, value, info, [&](const Node& item, double& one) { return read_number(item, name, one, info); });
  }

  void tree(const char* name, Node& value, const OptionInfo& info) override {
    if (const Node* node = take(name, info)) value = *node;
  }

  void group(const char* name, const OptionInfo& info, const std::function<void(OptionVisitor&)>& inside) override {
    const Node* node = take(name, info);
    if (!node) return;
    if (node->kind != Node::Kind::kMap) return wrong(*node, name, "a group of options");
    read_level(*node, dotted(prefix_, name), inside);
  }

 private:
  void read_level(const Node& map, const std::string& prefix, const Visit& visit) {
    if (map.kind != Node::Kind::kMap && !is_null(map)) {
      mistakes_.push_back("the options are not a list of `name: value`");
      return;
    }
    const Node* outer_map = std::exchange(map_, &map);
    const std::string outer_prefix = std::exchange(prefix_, prefix);
    std::vector<std::string> outer_known = std::exchange(known_, {});
    visit(*this);
    for (const auto& [name, member] : map.members)
      if (std::find(known_.begin(), known_.end(), name) == known_.end()) unknown(name, member);
    map_ = outer_map;
    prefix_ = outer_prefix;
    known_ = std::move(outer_known);
  }

  /// The value given for an option; nullptr where it keeps its default.
  const Node* take(const char* name, const OptionInfo& info) {
    known_.push_back(name);
    const Node* node = map_->find(name);
    if (node && !is_null(*node)) return node;
    if (info.required) mistakes_.push_back(dotted(prefix_, name) + " is missing (" + info.help + ")");
    return nullptr;
  }

  static std::string line_of(const Node& node) { return node.line ? cat("line ", node.line, ": ") : ""; }

  static std::string shown(const Node& node) {
    if (node.kind == Node::Kind::kMap) return "a group of options";
    if (node.kind == Node::Kind::kList) return "a list";
    std::string text = node.scalar.size() > 40 ? node.scalar.substr(0, 37) + "..." : node.scalar;
    return node.quoted ? "\"" + text + "\"" : text;
  }

  void wrong(const Node& node, const char* name, const std::string& expected) {
    mistakes_.push_back(cat(line_of(node), dotted(prefix_, name), " must be ", expected, ", not ", shown(node)));
  }

  bool in_range(const Node& node, const char* name, double value, const OptionInfo& info) {
    if (value >= info.min && value <= info.max) return true;
    wrong(node, name, range_text(info));
    return false;
  }

  bool read_number(const Node& node, const char* name, double& value, const OptionInfo& info) {
    const auto read = as_number(node);
    if (!read || std::isnan(*read)) return wrong(node, name, "a number"), false;
    if (!in_range(node, name, *read, info)) return false;
    value = *read;
    return true;
  }

  bool read_text(const Node& node, const char* name, std::string& value, const OptionInfo& info) {
    if (node.kind != Node::Kind::kScalar) return wrong(node, name, "text"), false;
    const auto same = [&](const char* choice) { return node.scalar == choice; };
    if (!info.choices.empty() && std::none_of(info.choices.begin(), info.choices.end(), same)) {
      const std::string near = nearest_name(node.scalar, std::vector<std::string>(info.choices.begin(), info.choices.end()));
      wrong(node, name, "one of " + choices_text(info));
      if (!near.empty()) mistakes_.back() += " (did you mean " + near + "?)";
      return false;
    }
    value = node.scalar;
    return true;
  }

  template <typename T, typename ReadOne>
  void read_list(const char* name, std::vector<T>& value, const OptionInfo& info, const ReadOne& read_one) {
    const Node* node = take(name, info);
    if (!node) return;
    if (node->kind == Node::Kind::kMap) return wrong(*node, name, "a list");
    std::vector<T> read;
    bool good = true;
    if (node->kind == Node::Kind::kScalar) good = read_one(*node, read.emplace_back());
    for (const Node& item : node->items) good = read_one(item, read.emplace_back()) && good;
    if (good) value = std::move(read);
  }

  void unknown(const std::string& name, const Node& member) {
    std::string text = cat(line_of(member), "unknown option ", dotted(prefix_, name));
    const std::string suggestion = suggest(name);
    mistakes_.push_back(text + suggestion);
  }

  std::string suggest(const std::string& name) const {
    for (const Names::Name& option : names_) {
      const bool other = std::any_of(option.others.begin(), option.others.end(), [&](const char* word) { return name == word; });
      if (other || option.last == name) return cat(" (", name, " is called ", option.dotted, " here)");
    }
    if (std::string near = nearest_name(name, known_); !near.empty()) return " (did you mean " + dotted(prefix_, near) + "?)";
    std::vector<std::string> lasts;
    for (const Names::Name& option : names_) lasts.push_back(option.last);
    const std::string near = nearest_name(name, lasts);
    for (const Names::Name& option : names_)
      if (option.last == near) return " (did you mean " + option.dotted + "?)";
    return "";
  }

  std::vector<Names::Name> names_;
  std::vector<std::string> mistakes_;
  const Node* map_ = nullptr;
  std::string prefix_;
  std::vector<std::string> known_;
};

class TreeWriter : public Walker {
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

class HelpWriter : public Walker {
 public:
  std::string result;
  void group(const char* name, const OptionInfo&, const std::function<void(OptionVisitor&)>& inside) override {
    const std::string before = std::exchange(prefix_, dotted(prefix_, name));
    inside(*this);
    prefix_ = before;
  }

 protected:
  void leaf(const char* name, const OptionInfo& info, const char*, Node value) override {
    std::string shown = node_to_yaml(value);
    while (!shown.empty() && shown.back() == '\n') shown.pop_back();
    if (value.kind == Node::Kind::kMap || is_null(value) || shown == "\"\"" || shown == "[]") shown.clear();
    result += dotted(prefix_, name);
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

class SchemaWriter : public Walker {
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

/// As many mistakes as fit into an error line, and how many more there are.
std::string joined(const std::vector<std::string>& mistakes) {
  constexpr size_t kRoom = 300;
  if (mistakes.size() == 1) return mistakes[0];
  std::string text = cat(mistakes.size(), " mistakes: ");
  for (size_t i = 0; i < mistakes.size(); ++i) {
    if (i > 0 && text.size() + mistakes[i].size() > kRoom) return text + cat(" | and ", mistakes.size() - i, " more");
    text += (i ? " | " : "") + mistakes[i];
  }
  return text;
}

}  // namespace

void read_options(const Node& tree, const Visit& visit, std::string_view where) {
  const Reader reader(tree, visit);
  if (!reader.mistakes().empty()) input_error(where, {joined(reader.mistakes())});
}

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

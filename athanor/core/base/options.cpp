#include "athanor/core/base/options.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/option_walker.h"
#include "athanor/core/base/scalar.h"

namespace athanor::base {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

/// Every option's dotted name and the other words for it.
class Names : public OptionWalker {
 public:
  struct Name {
    std::string dotted, last;
    std::vector<const char*> others;
  };
  std::vector<Name> all;

  void group(const char* name, const OptionInfo& info, const std::function<void(OptionVisitor&)>& inside) override {
    all.push_back({dotted_name(prefix_, name), name, info.other_names});
    const std::string before = std::exchange(prefix_, dotted_name(prefix_, name));
    inside(*this);
    prefix_ = before;
  }

 protected:
  void leaf(const char* name, const OptionInfo& info, const char*, Node) override {
    all.push_back({dotted_name(prefix_, name), name, info.other_names});
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
    read_level(*node, dotted_name(prefix_, name), inside);
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
    if (info.required) mistakes_.push_back(dotted_name(prefix_, name) + " is missing (" + info.help + ")");
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
    mistakes_.push_back(cat(line_of(node), dotted_name(prefix_, name), " must be ", expected, ", not ", shown(node)));
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
    std::string text = cat(line_of(member), "unknown option ", dotted_name(prefix_, name));
    const std::string suggestion = suggest(name);
    mistakes_.push_back(text + suggestion);
  }

  std::string suggest(const std::string& name) const {
    for (const Names::Name& option : names_) {
      const bool other = std::any_of(option.others.begin(), option.others.end(), [&](const char* word) { return name == word; });
      if (other || option.last == name) return cat(" (", name, " is called ", option.dotted, " here)");
    }
    if (std::string near = nearest_name(name, known_); !near.empty()) return " (did you mean " + dotted_name(prefix_, near) + "?)";
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

}  // namespace athanor::base

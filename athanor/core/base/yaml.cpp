// YAML in. yaml-cpp's events are used, not its documents: they carry lines, and limits hold before anything is built.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/node.h"
#include "athanor/core/base/utf8.h"

namespace athanor::base {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;
constexpr size_t kMostNodes = 100'000;
constexpr size_t kMostDepth = 32;
constexpr int kMostAliases = 100;

struct Mistake {
  int line;
  std::string what;
};

size_t depth_of(const Node& node) {
  size_t deepest = 0;
  for (const Node& item : node.items) deepest = std::max(deepest, depth_of(item));
  for (const auto& [key, member] : node.members) deepest = std::max(deepest, depth_of(member));
  return deepest + (node.kind == Node::Kind::kMap || node.kind == Node::Kind::kList);
}

size_t size_of(const Node& node) {
  size_t size = 1;
  for (const Node& item : node.items) size += size_of(item);
  for (const auto& [key, member] : node.members) size += size_of(member);
  return size;
}

class YamlBuilder : public YAML::EventHandler {
 public:
  Node root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    count(1, mark);
    put({}, mark, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";  // yaml-cpp's tag of a quoted scalar
    if (!quoted) refuse_tag(mark, tag);
    count(1, mark);
    Node node;
    node.kind = Node::Kind::kScalar;
    node.scalar = text;
    node.quoted = quoted;
    put(std::move(node), mark, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (++aliases_ > kMostAliases) throw Mistake{line_of(mark), cat("more than ", kMostAliases, " aliases")};
    auto known = anchored_.find(anchor);
    if (known == anchored_.end()) throw Mistake{line_of(mark), "an alias inside its own anchor"};
    Node copy = known->second;
    if (open_.size() + depth_of(copy) > kMostDepth) too_deep(mark);
    count(size_of(copy), mark);
    put(std::move(copy), mark, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    start(Node::Kind::kList, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    start(Node::Kind::kMap, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    bool has_key = false;
    std::string key;
  };

  static int line_of(const YAML::Mark& mark) { return mark.line + 1; }
  [[noreturn]] static void too_deep(const YAML::Mark& mark) {
    throw Mistake{line_of(mark), cat("nested deeper than ", kMostDepth)};
  }
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") throw Mistake{line_of(mark), "a tag (" + tag + "), which has no meaning here"};
  }

  void count(size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > kMostNodes) throw Mistake{line_of(mark), cat("more than ", kMostNodes, " values")};
  }

  void start(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_tag(mark, tag);
    if (!open_.empty() && open_.back().node.kind == Node::Kind::kMap && !open_.back().has_key)
      throw Mistake{line_of(mark), "a key that is not text"};
    if (open_.size() >= kMostDepth) too_deep(mark);
    count(1, mark);
    Node node;
    node.kind = kind;
    node.line = line_of(mark);
    open_.push_back({std::move(node), anchor, false, {}});
  }

  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    const int line = done.node.line;
    put(std::move(done.node), YAML::Mark::null_mark(), done.anchor, line);
  }

  void put(Node node, const YAML::Mark& mark, YAML::anchor_t anchor, int line = 0) {
    node.line = line ? line : line_of(mark);
    if (anchor) anchored_[anchor] = node;
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      parent.node.members.emplace_back(std::move(parent.key), std::move(node));
      parent.has_key = false;
    } else {
      take_key(parent, node);
    }
  }

  static void take_key(Open& map, const Node& node) {
    if (node.kind != Node::Kind::kScalar) throw Mistake{node.line, "a key that is not text"};
    if (const Node* first = map.node.find(node.scalar))
      throw Mistake{node.line, cat("duplicate key \"", node.scalar, "\" (first in line ", first->line, ")")};
    map.key = node.scalar;
    map.has_key = true;
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchored_;
  size_t nodes_ = 0;
  int aliases_ = 0;
};

void refuse_bad_bytes(std::string_view text) {
  size_t bad = invalid_utf8(text);
  std::string what = "bytes that are not UTF-8";
  if (size_t nul = text.find('\0'); nul < bad) bad = nul, what = "a NUL byte";
  if (bad == std::string_view::npos) return;
  throw Mistake{1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n')), what};
}

Node parse(std::string_view text) {
  refuse_bad_bytes(text);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    YamlBuilder builder;
    parser.HandleNextDocument(builder);
    YamlBuilder second;
    if (parser.HandleNextDocument(second)) throw Mistake{second.root.line, "a second document"};
    return std::move(builder.root);
  } catch (const YAML::Exception& error) {
    throw Mistake{error.mark.is_null() ? 1 : error.mark.line + 1, error.msg};
  }
}

}  // namespace

Node parse_yaml(std::string_view text, std::string_view source) {
  if (text.size() > kMostBytes)
    file_error("base.yaml", {cat(source, " is too large"), human_bytes(static_cast<double>(text.size())), "at most 1 MiB"});
  try {
    return parse(text);
  } catch (const Mistake& mistake) {
    file_error("base.yaml", {cat(source, " is not valid YAML at line ", mistake.line), mistake.what});
  }
}

Node read_yaml_file(const std::filesystem::path& path) { return parse_yaml(read_text_file(path, kMostBytes), path.string()); }

}  // namespace athanor::base

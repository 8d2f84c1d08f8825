#include "athanor/core/base/json.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::base {
namespace {

/// Walks the text and tells how far the parser has come, which nlohmann's events do not.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  const char* at;
  const char** reached;
  reference operator*() const { return *at; }
  Cursor& operator++() {
    *reached = ++at;
    return *this;
  }
  bool operator==(const Cursor& other) const { return at == other.at; }
  bool operator!=(const Cursor& other) const { return at != other.at; }
};

/// Builds the document from nlohmann's events; the first false stops the parser.
class Builder {
 public:
  explicit Builder(int depth) : most_depth_(depth) {}

  std::string mistake;
  Json root;

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(int64_t value) { return put(value); }
  bool number_unsigned(uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t&) { return fail("binary value"); }
  bool start_object(size_t) { return open(Json::object()); }
  bool start_array(size_t) { return open(Json::array()); }
  bool end_array() { return close(); }
  bool end_object() { return keys_are_unique() && close(); }

  bool key(std::string& name) {
    auto& members = members_of(*open_.back());
    // Small objects are looked through at once, so that the position is the key's; large ones when they end, by sorting.
    if (members.size() < kFew)
      for (const auto& member : members)
        if (member.first == name) return fail("duplicate key \"" + name + "\"");
    // Past ordered_map's own insertion, which looks through all members: quadratic for a vocabulary.
    members.emplace_back(std::move(name), nullptr);
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) {
    std::string text = error.what();
    if (auto at = text.find("column "); at != std::string::npos) text.erase(0, std::min(text.size(), text.find(": ", at) + 2));
    if (auto at = text.find("] "); text.starts_with("[json") && at != std::string::npos) text.erase(0, at + 2);
    return fail(std::move(text));
  }

 private:
  static constexpr size_t kFew = 16;
  static Json::object_t::Container& members_of(Json& object) { return object.get_ref<Json::object_t&>(); }

  bool fail(std::string text) {
    mistake = std::move(text);
    return false;
  }

  Json* place(Json&& value) {
    if (open_.empty()) return &(root = std::move(value));
    Json& parent = *open_.back();
    if (parent.is_array()) return &parent.get_ref<Json::array_t&>().emplace_back(std::move(value));
    return &(members_of(parent).back().second = std::move(value));
  }

  bool put(Json&& value) {
    place(std::move(value));
    return true;
  }

  bool open(Json&& container) {
    if (static_cast<int>(open_.size()) >= most_depth_) return fail(cat("nested deeper than ", most_depth_));
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool keys_are_unique() {
    const auto& members = members_of(*open_.back());
    if (members.size() <= kFew) return true;
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const auto& member : members) names.push_back(member.first);
    std::sort(names.begin(), names.end());
    auto twice = std::adjacent_find(names.begin(), names.end());
    return twice == names.end() || fail("duplicate key \"" + std::string(*twice) + "\"");
  }

  int most_depth_;
  std::vector<Json*> open_;  // a container is not moved while it is open: only its own last child grows
};

}  // namespace

Json parse_json(std::string_view text, std::string_view where, std::string_view source, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    file_error(where, {cat(source, " is too large"), human_bytes(static_cast<double>(text.size())),
                       "at most " + human_bytes(static_cast<double>(limits.bytes))});
  if (text.starts_with("\xef\xbb\xbf"))
    file_error(where, {cat(source, " is not valid JSON at line 1 column 1"), "a byte order mark", "plain UTF-8",
                       "saving it as UTF-8 without BOM"});
  const char* reached = text.data();
  Builder builder(limits.depth);
  const Cursor begin{text.data(), &reached}, end{text.data() + text.size(), &reached};
  if (Json::sax_parse(begin, end, &builder)) return std::move(builder.root);
  const std::string_view before = text.substr(0, static_cast<size_t>(reached - text.data()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  file_error(where, {cat(source, " is not valid JSON at line ", line, " column ", std::max<size_t>(column, 1)), builder.mistake});
}

Json read_json_file(const std::filesystem::path& path, std::string_view where, const JsonLimits& limits) {
  MappedFile file(path);
  return parse_json(file.text(), where, path.string(), limits);
}

}  // namespace athanor::base

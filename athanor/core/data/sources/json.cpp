// One JSON value per file: a list of objects, or an object that holds the list under "data" or "instances". A list is cut into its
// objects as it is read, so a large one needs no memory; an object is read whole (at most 1 GiB). A file that is called .json and
// holds one object per line is read as JSON Lines. Limits of a row: 64 MiB, depth 64.

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/json_row.h"
#include "athanor/core/data/source.h"

namespace athanor::data {

std::unique_ptr<RowReader> open_jsonl(ByteWindow window, std::string name);

namespace {

constexpr const char* kJsonWhere = "data.json";
constexpr size_t kMaxWhole = size_t{1} << 30;
constexpr std::string_view kJsonBlanks = " \t\r\n";

/// Finds the end of a value by its brackets; what stands between them is checked when the row is parsed.
class BracketScanner {
 public:
  /// Looks at `text` from where the last call stopped; npos: the value goes on.
  size_t end_of_value(std::string_view text) {
    for (; at_ < text.size(); ++at_) {
      const char c = text[at_];
      if (in_text_) {
        if (c == '\\')
          ++at_;
        else if (c == '"')
          in_text_ = false;
      } else if (c == '"') {
        in_text_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if ((c == '}' || c == ']') && --depth_ == 0) {
        return at_ + 1;
      }
    }
    return std::string_view::npos;
  }

 private:
  size_t at_ = 0;
  int64_t depth_ = 0;
  bool in_text_ = false;
};

class JsonListReader : public RowReader {
 public:
  JsonListReader(ByteWindow window, std::string name) : window_(std::move(window)), name_(std::move(name)) {}

  bool next(RawRow& row) override {
    if (done_) return false;
    window_.consume(taken_);
    taken_ = 0;
    const char first = skip_blanks();
    if (!begun_ ? first != '[' : first != ',' && first != ']') fail(begun_ ? "no comma or ] after a row" : "not a list", first, "");
    if (first == ']') return finish();
    window_.consume(1);
    const char begin = skip_blanks();
    if (!begun_ && begin == ']') return finish();
    begun_ = true;
    if (begin != '{') fail("row is not an object", begin, "{\"text\": \"...\"} or other columns");
    row = {take_value(), window_.line()};
    return true;
  }

  base::Json parse(const RawRow& row) const override { return parse_json_row(row, kJsonWhere, name_); }

 private:
  bool finish() {
    window_.consume(1);
    if (const char more = skip_blanks(); more != '\0') fail("something follows the list", more, "");
    done_ = true;
    return false;
  }

  /// What comes next; '\0' at the end of the file.
  char skip_blanks() {
    while (true) {
      const size_t blanks = window_.view().find_first_not_of(kJsonBlanks);
      if (blanks != std::string_view::npos) {
        window_.consume(blanks);
        return window_.view().front();
      }
      window_.consume(window_.view().size());
      if (!window_.more()) return '\0';
    }
  }

  std::string_view take_value() {
    BracketScanner scanner;
    size_t end = scanner.end_of_value(window_.view());
    while (end == std::string_view::npos && window_.view().size() <= kMaxRowBytes && window_.more())
      end = scanner.end_of_value(window_.view());
    taken_ = end == std::string_view::npos ? window_.view().size() : end;
    if (taken_ > kMaxRowBytes) row_too_long(kJsonWhere, name_, window_.line(), taken_);
    if (end == std::string_view::npos) fail("the row has no end", '\0', "}");
    return window_.view().substr(0, taken_);
  }

  [[noreturn]] void fail(const char* what, char got, const char* expected) const {
    base::file_error(kJsonWhere, {base::cat(name_, ":", window_.line(), ": bad JSON: ", what),
                                  got == '\0' ? std::string("the end of the file") : std::string(1, got), expected});
  }

  ByteWindow window_;
  std::string name_;
  size_t taken_ = 0;
  bool begun_ = false, done_ = false;
};

/// The rows of {"data": [...]}; their lines are not known, so messages count rows.
class JsonObjectReader : public RowReader {
 public:
  JsonObjectReader(const base::Json& root, std::string name) : name_(std::move(name)) {
    for (const char* key : {"data", "instances"})
      if (const auto found = root.find(key); found != root.end() && found->is_array())
        for (const base::Json& item : *found) rows_.push_back(item.dump());
    if (rows_.empty())
      base::file_error(kJsonWhere, {name_ + ": an object without rows", "",
                                    "a list of objects, or {\"data\": [...]} or {\"instances\": [...]}"});
  }
  bool next(RawRow& row) override {
    if (at_ == rows_.size()) return false;
    row = {rows_[at_], static_cast<int64_t>(at_ + 1)};
    ++at_;
    return true;
  }
  base::Json parse(const RawRow& row) const override { return parse_json_row(row, kJsonWhere, name_); }

 private:
  std::string name_;
  std::vector<std::string> rows_;
  size_t at_ = 0;
};

/// Whether a file that begins with { holds more than one value.
bool is_lines(ByteWindow& window) {
  BracketScanner scanner;
  size_t end = scanner.end_of_value(window.view());
  while (end == std::string_view::npos && window.view().size() <= kMaxRowBytes && window.more())
    end = scanner.end_of_value(window.view());
  if (end == std::string_view::npos) return false;
  while (window.view().find_first_not_of(kJsonBlanks, end) == std::string_view::npos)
    if (!window.more()) return false;
  return true;
}

}  // namespace

std::unique_ptr<RowReader> open_json(ByteWindow window, std::string name) {
  while (window.view().find_first_not_of(kJsonBlanks) == std::string_view::npos && window.more()) {
  }
  const size_t first = std::min(window.view().find_first_not_of(kJsonBlanks), window.view().size());
  window.consume(first);
  if (window.view().empty()) base::file_error(kJsonWhere, {name + " is empty", "", "a list of objects"});
  if (window.view().front() != '{') return std::make_unique<JsonListReader>(std::move(window), std::move(name));
  if (is_lines(window)) return open_jsonl(std::move(window), std::move(name));
  while (window.more())
    if (window.view().size() > kMaxWhole)
      base::file_error(kJsonWhere, {name + ": too large for one object", "", "a list, or one object per line (.jsonl)"});
  return std::make_unique<JsonObjectReader>(base::parse_json(window.view(), kJsonWhere, name), std::move(name));
}

}  // namespace athanor::data

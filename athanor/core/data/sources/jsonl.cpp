// JSON Lines (jsonlines.org): one object per line. Limits: a line of at most 64 MiB, depth 64. Empty lines are skipped; \r\n is
// accepted.

#include <nlohmann/json.hpp>

#include "athanor/core/data/json_row.h"
#include "athanor/core/data/source.h"

namespace athanor::data {
namespace {

constexpr const char* kJsonlWhere = "data.jsonl";

class JsonlReader : public RowReader {
 public:
  JsonlReader(ByteWindow window, std::string name) : window_(std::move(window)), name_(std::move(name)) {}

  bool next(RawRow& row) override {
    do {
      window_.consume(taken_);
      row = {take_line(), window_.line()};
      if (taken_ == 0) return false;
    } while (row.text.find_first_not_of(" \t\r") == std::string_view::npos);
    return true;
  }

  base::Json parse(const RawRow& row) const override { return parse_json_row(row, kJsonlWhere, name_); }

 private:
  /// The view's first line; taken_ is its size with the line break, 0 at the end of the file.
  std::string_view take_line() {
    size_t end = window_.view().find('\n');
    for (size_t seen = window_.view().size(); end == std::string_view::npos; seen = window_.view().size()) {
      if (seen > kMaxRowBytes || !window_.more()) break;
      end = window_.view().find('\n', seen);
    }
    const std::string_view view = window_.view();
    const std::string_view line = view.substr(0, end);
    if (line.size() > kMaxRowBytes) row_too_long(kJsonlWhere, name_, window_.line(), line.size());
    taken_ = end == std::string_view::npos ? view.size() : end + 1;
    return line;
  }

  ByteWindow window_;
  std::string name_;
  size_t taken_ = 0;
};

}  // namespace

std::unique_ptr<RowReader> open_jsonl(ByteWindow window, std::string name) {
  return std::make_unique<JsonlReader>(std::move(window), std::move(name));
}

}  // namespace athanor::data

// Tables as text (RFC 4180): the first record names the columns, fields that hold a separator, a line break or a quote stand in
// quotes, and a quote inside is doubled. `.csv` is separated by commas, `.tsv` by tabs. Strict: a quote inside a bare field, text
// behind a closing quote, or a record with another number of fields than the header is an error. Every value is text. Checked
// against Python's csv module.

#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/json_row.h"
#include "athanor/core/data/source.h"

namespace athanor::data {
namespace {

constexpr const char* kCsvWhere = "data.csv";

class CsvReader : public RowReader {
 public:
  CsvReader(ByteWindow window, std::string name, char separator)
      : window_(std::move(window)), name_(std::move(name)), separator_(separator) {
    RawRow header;
    if (!next(header)) base::file_error(kCsvWhere, {name_ + " is empty", "", "a first line that names the columns"});
    columns_ = fields(header);
    std::set<std::string> seen;
    for (const std::string& column : columns_) {
      if (column.empty()) fail(header.line, "a column has no name", "");
      if (!seen.insert(column).second) fail(header.line, "duplicate column", column);
    }
  }

  bool next(RawRow& row) override {
    do {
      window_.consume(taken_);
      row = {take_record(), window_.line()};
      if (taken_ == 0) return false;
    } while (row.text.empty());  // a blank line
    return true;
  }

  base::Json parse(const RawRow& row) const override {
    std::vector<std::string> values = fields(row);
    if (values.size() != columns_.size())
      fail(row.line, "wrong number of fields", base::cat(values.size()), base::cat(columns_.size(), ", as the header has"));
    base::Json out = base::Json::object();
    for (size_t i = 0; i < values.size(); ++i) out[columns_[i]] = std::move(values[i]);
    return out;
  }

 private:
  /// The view's first record without its line break; taken_ is its size with it, 0 at the end of the file.
  std::string_view take_record() {
    bool quoted = false;
    size_t at = 0;
    while (true) {
      const std::string_view view = window_.view();
      for (; at < view.size() && (quoted || view[at] != '\n'); ++at)
        if (view[at] == '"') quoted = !quoted;
      if (at > kMaxRowBytes) row_too_long(kCsvWhere, name_, window_.line(), at);
      if (at < view.size() || !window_.more()) break;
    }
    std::string_view record = window_.view().substr(0, at);
    taken_ = std::min(at + 1, window_.view().size());
    if (quoted) fail(window_.line(), "a quote is never closed", "");
    if (record.ends_with('\r')) record.remove_suffix(1);
    return record;
  }

  std::vector<std::string> fields(const RawRow& row) const {
    std::vector<std::string> out(1);
    std::string_view text = row.text;
    for (size_t at = 0; at <= text.size();) {
      if (at < text.size() && text[at] == '"') {
        at = take_quoted(row, at + 1, out.back());
      } else {
        const size_t end = std::min(text.find(separator_, at), text.size());
        out.back() = text.substr(at, end - at);
        if (out.back().find('"') != std::string::npos) fail(row.line, "a quote inside a field without quotes", out.back());
        at = end;
      }
      if (at == text.size()) break;
      if (text[at] != separator_) fail(row.line, "text behind a closing quote", std::string(text.substr(at, 20)));
      out.emplace_back();
      ++at;
    }
    return out;
  }

  /// Reads from behind the opening quote and returns the place behind the closing one, which is there: quotes come in pairs.
  size_t take_quoted(const RawRow& row, size_t at, std::string& out) const {
    while (true) {
      const size_t quote = row.text.find('"', at);
      out += row.text.substr(at, quote - at);
      if (quote + 1 >= row.text.size() || row.text[quote + 1] != '"') return quote + 1;
      out += '"';
      at = quote + 2;
    }
  }

  [[noreturn]] void fail(int64_t line, const char* what, const std::string& got, const std::string& expected = "") const {
    base::file_error(kCsvWhere, {base::cat(name_, ":", line, ": ", what), got, expected});
  }

  ByteWindow window_;
  std::string name_;
  char separator_;
  std::vector<std::string> columns_;
  size_t taken_ = 0;
};

}  // namespace

std::unique_ptr<RowReader> open_csv(ByteWindow window, std::string name) {
  return std::make_unique<CsvReader>(std::move(window), std::move(name), ',');
}

std::unique_ptr<RowReader> open_tsv(ByteWindow window, std::string name) {
  return std::make_unique<CsvReader>(std::move(window), std::move(name), '\t');
}

}  // namespace athanor::data

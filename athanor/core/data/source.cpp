#include "athanor/core/data/source.h"

#include <exception>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/data/passages.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMaxUnpackedText = size_t{4} << 30;
constexpr size_t kTextChunkBytes = size_t{8} << 20;

/// Extensions that are certainly not text, and what to do with them.
const char* refusal(const std::string& extension) {
  for (const char* packed : {".xz", ".bz2", ".zip", ".tar", ".tgz"})
    if (extension == packed) return "unpack it first (.gz and .zst need no unpacking)";
  for (const char* table : {".arrow", ".xlsx"})
    if (extension == table) return "turn it into JSON lines (.jsonl) first";
  return nullptr;
}

/// Rows -> the texts of one column. An error waits until the rows before it were read.
struct TextColumn {
  struct Row {
    std::string text;  // the row, then its column
    int64_t line;
    std::exception_ptr error = nullptr;
  };
  const RowReader& rows;
  std::string_view name;
  const std::string& key;

  void parse(std::vector<Row>& chunk) const {
    base::parallel_dynamic(static_cast<int64_t>(chunk.size()), 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) try {
          chunk[i].text = text_of(rows.parse({chunk[i].text, chunk[i].line}), chunk[i].line);
        } catch (...) {
          chunk[i].error = std::current_exception();
        }
    });
  }

 private:
  std::string text_of(base::Json row, int64_t line) const {
    auto fail = [&](const std::string& what, const std::string& got, const std::string& expected, const std::string& advice) {
      base::file_error("data.source", {base::cat(name, ":", line, ": ", what), got, expected, advice});
    };
    const auto found = row.find(key);
    if (found == row.end()) {
      std::string keys;
      for (const auto& [column, value] : row.items())
        if (keys.size() < 100) keys += (keys.empty() ? "" : ", ") + column;
      fail("no key \"" + key + "\"", keys.empty() ? "an empty object" : "keys " + keys, "", "set data.text_key");
    }
    if (!found->is_string()) fail("value of \"" + key + "\" is not text", "", "a string", "");
    return std::move(found->get_ref<std::string&>());
  }
};

fs::path unpacked_name(const fs::path& file) { return is_packed(file) ? file.stem() : file.filename(); }

}  // namespace

const SourceFormat& source_format_of(const fs::path& file) {
  const std::string extension = unpacked_name(file).extension().string();
  if (const char* advice = refusal(extension))
    base::input_error("data.source",
                      {"cannot read " + file.string(), extension, "plain text, .jsonl, .json, .csv or .parquet", advice});
  const SourceFormat* fallback = nullptr;
  for (const SourceFormat& format : source_formats()) {
    if (format.extensions.empty()) fallback = &format;
    for (const std::string& known : format.extensions)
      if (known == extension) return format;
  }
  return *fallback;
}

std::unique_ptr<RowReader> open_rows(const fs::path& file) {
  const SourceFormat& format = source_format_of(file);
  if (format.open_file) return format.open_file(file);
  if (!format.open)
    base::input_error("data.source",
                      {"samples cannot be read from plain text", file.string(), ".jsonl, .json or .csv; a book as .md or .tex"});
  return format.open(ByteWindow(open_stream(file)), file.filename().string());
}

void read_text_column(RowReader& rows, std::string_view name, const SourceOptions& options, const DocumentVisitor& visit) {
  TextColumn column{rows, name, options.text_key};
  std::vector<TextColumn::Row> chunk;
  size_t bytes = 0;
  bool more = true;
  for (RawRow raw; more;) {
    more = rows.next(raw);
    if (more) {
      chunk.push_back({std::string(raw.text), raw.line});
      bytes += raw.text.size();
    }
    if (bytes < kTextChunkBytes && more) continue;
    column.parse(chunk);
    for (TextColumn::Row& row : chunk) {
      if (row.error) std::rethrow_exception(row.error);
      visit(row.text);
    }
    chunk.clear(), bytes = 0;
  }
}

void read_documents(const fs::path& file, const SourceOptions& options, const DocumentVisitor& visit) {
  const SourceFormat& format = source_format_of(file);
  const std::string name = file.filename().string();
  if (format.open || format.open_file) return read_text_column(*open_rows(file), name, options, visit);
  auto split = [&](std::string_view contents) {
    if (contents.starts_with("\xEF\xBB\xBF")) contents.remove_prefix(3);  // byte order mark
    if (options.separator == "paragraphs") {
      for (const Passage& passage : passages_of_text(contents, true)) visit(passage.text);
      return;
    }
    split_plain_text(contents, options, visit);
  };
  if (is_packed(file)) return split(read_all(*open_stream(file), name, kMaxUnpackedText));
  const base::MappedFile mapped(file);
  mapped.will_read_all();
  split(mapped.text());
}

}  // namespace athanor::data

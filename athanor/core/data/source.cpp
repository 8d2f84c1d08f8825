#include "athanor/core/data/source.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMaxUnpackedText = size_t{4} << 30;

/// Extensions that are certainly not text, and what to do with them.
const char* refusal(const std::string& extension) {
  for (const char* packed : {".xz", ".bz2", ".zip", ".tar", ".tgz"})
    if (extension == packed) return "unpack it first (.gz and .zst need no unpacking)";
  for (const char* table : {".parquet", ".arrow", ".xlsx"})
    if (extension == table) return "turn it into JSON lines (.jsonl) first";
  return nullptr;
}

fs::path unpacked_name(const fs::path& file) { return is_packed(file) ? file.stem() : file.filename(); }

}  // namespace

const SourceFormat& source_format_of(const fs::path& file) {
  const std::string extension = unpacked_name(file).extension().string();
  if (const char* advice = refusal(extension))
    base::input_error("data.source", {"cannot read " + file.string(), extension, "plain text, .jsonl, .json or .csv", advice});
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
  if (!format.open)
    base::input_error("data.source", {"samples cannot be read from plain text", file.string(), ".jsonl, .json or .csv"});
  return format.open(ByteWindow(open_stream(file)), file.filename().string());
}

void read_text_column(RowReader& rows, std::string_view name, const SourceOptions& options, const DocumentVisitor& visit) {
  for (RawRow raw; rows.next(raw);) {
    const base::Json row = rows.parse(raw);
    auto fail = [&](const std::string& what, const std::string& got, const std::string& expected, const std::string& advice) {
      base::file_error("data.source", {base::cat(name, ":", raw.line, ": ", what), got, expected, advice});
    };
    const auto found = row.find(options.text_key);
    if (found == row.end()) {
      std::string keys;
      for (const auto& [key, value] : row.items())
        if (keys.size() < 100) keys += (keys.empty() ? "" : ", ") + key;
      fail("no key \"" + options.text_key + "\"", keys.empty() ? "an empty object" : "keys " + keys, "", "set data.text_key");
    }
    if (!found->is_string()) fail("value of \"" + options.text_key + "\" is not text", "", "a string", "");
    visit(found->get_ref<const std::string&>());
  }
}

void read_documents(const fs::path& file, const SourceOptions& options, const DocumentVisitor& visit) {
  const SourceFormat& format = source_format_of(file);
  const std::string name = file.filename().string();
  if (format.open) return read_text_column(*format.open(ByteWindow(open_stream(file)), name), name, options, visit);
  auto split = [&](std::string_view contents) {
    if (contents.starts_with("\xEF\xBB\xBF")) contents.remove_prefix(3);  // byte order mark
    split_plain_text(contents, options, visit);
  };
  if (is_packed(file)) return split(read_all(*open_stream(file), name, kMaxUnpackedText));
  const base::MappedFile mapped(file);
  mapped.will_read_all();
  split(mapped.text());
}

}  // namespace athanor::data

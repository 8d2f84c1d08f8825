#pragma once
// Files -> rows (JSON objects, for samples) and files -> documents (text, for pretraining). One format is one file in sources/ and
// one row in catalog.cpp; every one of them may be packed (.gz, .zst).

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/json.h"
#include "athanor/core/data/byte_window.h"

namespace athanor::data {

/// A row may have so many bytes.
inline constexpr size_t kMaxRowBytes = size_t{64} << 20;

/// A record of a file, not yet parsed.
struct RawRow {
  std::string_view text;
  int64_t line = 0;  // where it begins, from 1
};

/// Cuts a file into rows, and parses them.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// The next row; its text ends with the next call. false at the end. file_error with file and line where the file is broken.
  virtual bool next(RawRow& row) = 0;
  /// An object with the row's columns; several threads may call it at once. file_error with file and line.
  virtual base::Json parse(const RawRow& row) const = 0;
};

struct SourceOptions {
  std::string text_key = "text";  // rows: the column that holds a document
  std::string separator;  // plain text: what stands between documents; "" = one file is one document, "blank-lines" = empty lines,
                          // "paragraphs" = as a book
};

/// Receives each document in the order of the file; the view ends with the call.
using DocumentVisitor = std::function<void(std::string_view document)>;

struct SourceFormat : base::Entry {
  std::vector<std::string> extensions;  // ".jsonl"; none: the format of every other file
  /// `name` is for messages. nullptr: the format has no rows, a file is text.
  std::unique_ptr<RowReader> (*open)(ByteWindow window, std::string name);
  /// In place of `open`, where a file is not read from its beginning to its end.
  std::unique_ptr<RowReader> (*open_file)(const std::filesystem::path& file) = nullptr;
};

std::span<const SourceFormat> source_formats();
/// By the extension before .gz or .zst; input_error for a format that is not read here.
const SourceFormat& source_format_of(const std::filesystem::path& file);

/// Whether the program was built with Arrow.
bool reads_parquet();
/// The rows of a file; input_error where it is plain text.
std::unique_ptr<RowReader> open_rows(const std::filesystem::path& file);

/// Reads the documents of one file. file_error with file and line on anything broken.
void read_documents(const std::filesystem::path& file, const SourceOptions& options, const DocumentVisitor& visit);
/// The documents of a plain text.
void split_plain_text(std::string_view contents, const SourceOptions& options, const DocumentVisitor& visit);
/// The column `text_key` of every row; rows are parsed on all threads, some MiB at a time.
void read_text_column(RowReader& rows, std::string_view name, const SourceOptions& options, const DocumentVisitor& visit);

/// What `athanor list` prints of this room.
std::vector<base::Shelf> shelves();

}  // namespace athanor::data

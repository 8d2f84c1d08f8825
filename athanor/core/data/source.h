#pragma once
// Files -> documents. One format is one file in sources/ and one row in catalog.cpp.

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/catalog.h"

namespace athanor::data {

struct SourceOptions {
  std::string text_key = "text";  // JSONL: the key that holds a document
  std::string separator;  // plain text: what stands between documents; "" = one file is one document, "blank-lines" = empty lines
};

/// Receives each document in the order of the file; the view ends with the call.
using DocumentVisitor = std::function<void(std::string_view document)>;

struct SourceFormat : base::Entry {
  std::vector<std::string> extensions;  // ".jsonl"; none: the format of every other file
  /// `contents` is a whole file without its byte order mark; `name` is for messages.
  void (*read)(std::string_view contents, std::string_view name, const SourceOptions& options, const DocumentVisitor& visit);
};

std::span<const SourceFormat> source_formats();

/// Reads one file by its extension. file_error with file and line on anything broken, input_error for a format that is not read
/// here.
void read_documents(const std::filesystem::path& file, const SourceOptions& options, const DocumentVisitor& visit);

/// What `athanor list` prints of this room.
std::vector<base::Shelf> shelves();

}  // namespace athanor::data

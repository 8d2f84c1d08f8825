#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/source.h"

namespace athanor::data {

void read_jsonl(std::string_view, std::string_view, const SourceOptions&, const DocumentVisitor&);
void read_plain_text(std::string_view, std::string_view, const SourceOptions&, const DocumentVisitor&);
CleaningStep make_repair_utf8();
CleaningStep make_newlines();
CleaningStep make_controls();
CleaningStep make_nfc();
CleaningStep make_drop_empty();
CleaningStep make_drop_duplicates();

std::span<const SourceFormat> source_formats() {
  static const SourceFormat rows[] = {
      {{"jsonl", "one JSON object per line, the document under data.text_key", "", "sources/jsonl.cpp"},
       {".jsonl", ".ndjson"},
       read_jsonl},
      {{"text", "plain text: a file is one document, or several with data.separator between them", "", "sources/text.cpp"},
       {},
       read_plain_text},
  };
  return rows;
}

std::span<const CleaningMethod> cleaning_methods() {
  using Options = CleaningOptions;
  static const CleaningMethod rows[] = {
      {{"repair-utf8", "replaces bytes that are not UTF-8 by U+FFFD", "Unicode 15, section 3.9", "cleaning/repair_utf8.cpp"},
       &Options::repair_utf8,
       false,
       make_repair_utf8},
      {{"newlines", "turns \\r\\n and \\r into \\n", "", "cleaning/newlines.cpp"}, &Options::newlines, false, make_newlines},
      {{"controls", "removes control characters other than tab and newline", "", "cleaning/controls.cpp"},
       &Options::controls,
       false,
       make_controls},
      {{"nfc", "composes characters (Unicode NFC)", "Unicode Annex #15", "cleaning/nfc.cpp"}, &Options::nfc, false, make_nfc},
      {{"drop-empty", "leaves out documents of white space only", "", "cleaning/drop_empty.cpp"},
       &Options::drop_empty,
       true,
       make_drop_empty},
      {{"drop-duplicates", "leaves out exact copies of an earlier document", "Lee et al. 2022, arXiv:2107.06499",
        "cleaning/drop_duplicates.cpp"},
       &Options::drop_duplicates,
       true,
       make_drop_duplicates},
  };
  return rows;
}

namespace {

/// Extensions that are certainly not plain text, and what to do with them.
const char* refusal(const std::string& extension) {
  for (const char* packed : {".gz", ".zst", ".xz", ".bz2", ".zip", ".tar"})
    if (extension == packed) return "unpack it first";
  for (const char* table : {".parquet", ".arrow", ".csv", ".tsv", ".json"})
    if (extension == table) return "turn it into JSON lines (.jsonl) first";
  return nullptr;
}

const SourceFormat& format_of(const std::string& extension) {
  const SourceFormat* fallback = nullptr;
  for (const SourceFormat& format : source_formats()) {
    if (format.extensions.empty()) fallback = &format;
    for (const std::string& known : format.extensions)
      if (known == extension) return format;
  }
  return *fallback;
}

}  // namespace

void read_documents(const std::filesystem::path& file, const SourceOptions& options, const DocumentVisitor& visit) {
  const std::string extension = file.extension().string();
  if (const char* advice = refusal(extension))
    base::input_error("data.source", {"cannot read documents from " + file.string(), extension, "plain text or .jsonl", advice});
  const base::MappedFile mapped(file);
  mapped.will_read_all();
  std::string_view contents = mapped.text();
  if (contents.starts_with("\xEF\xBB\xBF")) contents.remove_prefix(3);  // byte order mark
  format_of(extension).read(contents, file.filename().string(), options, visit);
}

std::vector<base::Shelf> shelves() {
  base::Shelf sources{"core/data", "sources", {}}, cleaning{"core/data", "cleaning", {}};
  for (const SourceFormat& row : source_formats()) sources.entries.push_back(row);
  for (const CleaningMethod& row : cleaning_methods()) cleaning.entries.push_back(row);
  return {sources, cleaning};
}

}  // namespace athanor::data

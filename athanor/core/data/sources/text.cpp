// Plain text. A file is one document, or several with a separator between them: a marker such as <|endoftext|>, or blank lines.
// The separator itself belongs to no document. Bytes are passed on as they are.

#include "athanor/core/data/source.h"

namespace athanor::data {
namespace {

void split_at_marker(std::string_view text, std::string_view marker, const DocumentVisitor& visit) {
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(marker, begin), text.size());
    if (end > begin) visit(text.substr(begin, end - begin));
    begin = end + marker.size();
  }
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

/// A document ends where a line holds nothing but white space.
void split_at_blank_lines(std::string_view text, const DocumentVisitor& visit) {
  size_t document = 0, end = 0;  // [document, end) without the line break before a blank line
  for (size_t line = 0; line < text.size();) {
    size_t stop = std::min(text.find('\n', line), text.size());
    if (!is_blank(text.substr(line, stop - line))) {
      end = stop;
    } else {
      if (end > document) visit(text.substr(document, end - document));
      document = end = std::min(stop + 1, text.size());
    }
    line = stop + 1;
  }
  if (end > document) visit(text.substr(document, end - document));
}

}  // namespace

void split_plain_text(std::string_view contents, const SourceOptions& options, const DocumentVisitor& visit) {
  if (options.separator == "blank-lines") return split_at_blank_lines(contents, visit);
  if (!options.separator.empty()) return split_at_marker(contents, options.separator, visit);
  if (!contents.empty()) visit(contents);
}

}  // namespace athanor::data

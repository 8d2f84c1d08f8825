// Removes lines that many documents share: headers, licences, menus, "read more" (the paragraph deduplication of Wenzek et al.
// 2020, "CCNet", arXiv:1911.00359, section 3.1, with a threshold).
//
//   a line is compared without the blanks at its ends, in lower case (ASCII), each digit as 0: "Page 12" is "page 00"
//   a line goes once ten earlier documents have it; how often it stands in one document does not matter
//
// It streams: the first ten documents keep the line. Lines of less than four letters stay: "}" is in every program and no
// boilerplate. Memory: 10 to 21 bytes a line that is new. Checked in a test against counts made by hand.

#include <algorithm>
#include <cctype>
#include <memory>

#include "athanor/core/base/hash.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/hash_counts.h"

namespace athanor::data {
namespace {

constexpr uint8_t kDocumentsThatKeepALine = 10;
constexpr int kLettersOfALine = 4;

template <typename Visit>  // visit(line with its line break)
void for_each_line(std::string_view text, const Visit& visit) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    visit(text.substr(begin, end - begin));
    begin = end;
  }
}

/// 0: the line stays whatever others have.
uint64_t mark_of(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return 0;
  std::string plain(line.substr(first, line.find_last_not_of(" \t\r\n") + 1 - first));
  int letters = 0;
  for (char& c : plain) {
    const auto byte = static_cast<unsigned char>(c);
    letters += std::isalpha(byte) || byte >= 0x80;
    c = std::isdigit(byte) ? '0' : static_cast<char>(std::tolower(byte));
  }
  return letters < kLettersOfALine ? 0 : std::max<uint64_t>(base::hash64(plain), 1);
}

Marks marks_of_lines(std::string_view document) {
  Marks marks;
  for_each_line(document, [&](std::string_view line) { marks.push_back(mark_of(line)); });
  return marks;
}

Cleaned remove_lines(std::string& document, const Marks& marks, HashCounts& seen) {
  Marks own = marks;
  std::sort(own.begin(), own.end());
  own.erase(std::unique(own.begin(), own.end()), own.end());
  Marks shared;  // ascending
  for (uint64_t mark : own)
    if (mark != 0 && seen.add(mark) > kDocumentsThatKeepALine) shared.push_back(mark);
  if (shared.empty()) return Cleaned::kSame;
  std::string left;
  size_t at = 0;
  for_each_line(document, [&](std::string_view line) {
    if (!std::binary_search(shared.begin(), shared.end(), marks[at++])) left += line;
  });
  document = std::move(left);
  return Cleaned::kChanged;
}

}  // namespace

CleaningStep make_boilerplate(const CleaningOptions& options) {
  auto seen = std::make_shared<HashCounts>("boilerplate", options.memory_mb);
  return {marks_of_lines, [seen](std::string& document, const Marks& marks) { return remove_lines(document, marks, *seen); }};
}

}  // namespace athanor::data

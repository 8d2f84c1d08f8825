#include "athanor/core/data/page_lines.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

namespace athanor::data {
namespace {

constexpr size_t kLinesAtAnEdge = 2;
constexpr size_t kPagesForAHeader = 3;

using PageLines = std::vector<std::string_view>;

PageLines lines_of_page(std::string_view page) {
  PageLines lines;
  for (size_t begin = 0; begin < page.size();) {
    const size_t end = std::min(page.find('\n', begin), page.size());
    lines.push_back(page.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Without blanks, each digit as 0, so that "12  The Book" and "The Book 13" differ only in their order.
std::string plain_of(std::string_view line) {
  std::string plain;
  for (char c : line)
    if (!std::isspace(static_cast<unsigned char>(c))) plain += std::isdigit(static_cast<unsigned char>(c)) ? '0' : c;
  return plain;
}

/// Places of the first and last lines that are not blank.
std::vector<size_t> edges_of(const PageLines& lines) {
  std::vector<size_t> filled, edges;
  for (size_t i = 0; i < lines.size(); ++i)
    if (!plain_of(lines[i]).empty()) filled.push_back(i);
  for (size_t i = 0; i < filled.size(); ++i)
    if (i < kLinesAtAnEdge || i + kLinesAtAnEdge >= filled.size()) edges.push_back(filled[i]);
  return edges;
}

}  // namespace

std::string without_page_lines(std::string_view text) {
  if (text.find('\f') == std::string_view::npos) return std::string(text);
  std::vector<PageLines> pages;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\f', begin), text.size());
    pages.push_back(lines_of_page(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  std::map<std::string, size_t> counts;
  for (const PageLines& page : pages)
    for (size_t at : edges_of(page)) ++counts[plain_of(page[at])];
  std::string out;
  for (const PageLines& page : pages) {
    const std::vector<size_t> edges = edges_of(page);
    for (size_t i = 0; i < page.size(); ++i) {
      const std::string plain = plain_of(page[i]);
      const bool at_edge = std::find(edges.begin(), edges.end(), i) != edges.end();
      const bool number = plain.find_first_not_of("0-") == std::string::npos && !plain.empty();
      if (at_edge && (number || counts[plain] >= kPagesForAHeader)) continue;
      // no blank line for the page itself: a paragraph goes on over it
      (out += page[i]) += '\n';
    }
  }
  return out;
}

}  // namespace athanor::data

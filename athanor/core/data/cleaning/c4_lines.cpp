// Removes the lines of web pages that are no sentences: menus, buttons, notices (Raffel et al. 2020, arXiv:1910.10683,
// section 2.2). A line stays where it ends in . ! ? or a closing quote (or their Chinese kin), has at least three words (text
// without spaces: any), and does not speak of javascript or cookies.

#include <algorithm>
#include <array>
#include <cctype>

#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/words.h"

namespace athanor::data {
namespace {

bool ends_a_sentence(std::string_view line) {
  static constexpr std::array<std::string_view, 9> kEnds = {".", "!", "?", "\"", "”", "。", "！", "？", "」"};
  return std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return line.ends_with(end); });
}

bool is_sentence(std::string_view line) {
  const size_t last = line.find_last_not_of(" \t\r");
  if (last == std::string_view::npos) return false;
  line = line.substr(0, last + 1);
  if (!ends_a_sentence(line) || line.ends_with("...")) return false;
  if (!lacks_spaces(line) && words_of(line).size() < 3) return false;
  std::string lower(line);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* notice : {"javascript", "cookie policy", "use of cookies", "uses cookies", "terms of use", "privacy policy"})
    if (lower.find(notice) != std::string::npos) return false;
  return true;
}

}  // namespace

CleaningStep make_c4_lines(const CleaningOptions&) {
  return [](std::string& text) {
    std::string kept;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      if (is_sentence(line)) (kept += kept.empty() ? "" : "\n") += line;
      begin = end + 1;
    }
    if (kept == text) return Cleaned::kSame;
    text = std::move(kept);
    return Cleaned::kChanged;
  };
}

}  // namespace athanor::data

// Leaves out what does not look like prose: the quality rules of Rae et al. 2021 (Gopher, arXiv:2112.11446, appendix A.1.1). A
// document is kept where it has 50 to 100,000 words of 3 to 10 letters on average, fewer than one # or ... for ten words, bullets
// before at most 90 % of its lines and ellipses behind at most 30 %, a letter in at least 80 % of its words, and two of
// the words the, be, to, of, and, that, have, with. The rules are about English; text without spaces between words passes.

#include <algorithm>
#include <cctype>
#include <set>

#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/words.h"

namespace athanor::data {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
constexpr std::string_view kBullet = "\xE2\x80\xA2";

int64_t count_of(std::string_view text, std::string_view what) {
  int64_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

bool good_lines(std::string_view text) {
  int64_t lines = 0, bullets = 0, ellipses = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    line = line.substr(first, line.find_last_not_of(" \t") + 1 - first);
    ++lines;
    bullets += line.starts_with(kBullet) || line.starts_with("- ") || line.starts_with("* ");
    ellipses += line.ends_with(kEllipsis) || line.ends_with("...");
  }
  return 10 * bullets <= 9 * lines && 10 * ellipses <= 3 * lines;
}

bool good_words(std::string_view text) {
  static const std::set<std::string_view> kCommon = {"the", "be", "to", "of", "and", "that", "have", "with"};
  const auto words = words_of(text);
  const auto n = static_cast<int64_t>(words.size());
  int64_t letters = 0, with_letter = 0;
  std::set<std::string_view> common;
  for (std::string_view word : words) {
    letters += static_cast<int64_t>(characters_of(word).size());
    with_letter += std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isalpha(c) || c >= 0x80; });
    if (kCommon.contains(word)) common.insert(word);
  }
  const int64_t symbols = std::max(count_of(text, "#"), count_of(text, kEllipsis) + count_of(text, "..."));
  return n >= 50 && n <= 100'000 && letters >= 3 * n && letters <= 10 * n && 10 * symbols <= n && 10 * with_letter >= 8 * n &&
         common.size() >= 2;
}

}  // namespace

CleaningStep make_gopher_quality(const CleaningOptions&) {
  return [](std::string& text) {
    return lacks_spaces(text) || (good_words(text) && good_lines(text)) ? Cleaned::kSame : Cleaned::kDropped;
  };
}

}  // namespace athanor::data

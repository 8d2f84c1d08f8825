#include "athanor/core/data/words.h"

#include <algorithm>

#include "athanor/core/base/hash.h"

namespace athanor::data {
namespace {

constexpr std::string_view kWordBlanks = " \t\r\n\f\v";

size_t character_bytes(unsigned char first) { return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

/// U+2E80 to U+9FFF: CJK radicals, punctuation, kana, ideographs; in UTF-8 from E2 BA 80 to E9 BF BF. Hangul has spaces.
bool is_spaceless(std::string_view c) { return c.size() == 3 && c.compare("\xE2\xBA\x80") >= 0 && c.compare("\xE9\xBF\xBF") <= 0; }

}  // namespace

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = text.find_first_not_of(kWordBlanks); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kWordBlanks, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kWordBlanks, end);
  }
  return words;
}

std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> characters;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = std::min(character_bytes(static_cast<unsigned char>(text[at])), text.size() - at);
    if (kWordBlanks.find(text[at]) == std::string_view::npos) characters.push_back(text.substr(at, bytes));
    at += bytes;
  }
  return characters;
}

bool lacks_spaces(std::string_view text) {
  const auto characters = characters_of(text);
  return 2 * std::count_if(characters.begin(), characters.end(), is_spaceless) > static_cast<int64_t>(characters.size());
}

std::vector<uint64_t> shingles(std::string_view text, size_t n) {
  const auto units = lacks_spaces(text) ? characters_of(text) : words_of(text);
  std::vector<uint64_t> hashes(units.size());
  for (size_t i = 0; i < units.size(); ++i) hashes[i] = base::hash64(units[i]);
  const size_t width = std::max<size_t>(std::min(n, units.size()), 1);
  std::vector<uint64_t> out;
  for (size_t i = 0; i + width <= hashes.size(); ++i) out.push_back(base::hash64(std::as_bytes(std::span(&hashes[i], width))));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace athanor::data

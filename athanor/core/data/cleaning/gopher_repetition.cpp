// Leaves out what repeats itself: the rules of Rae et al. 2021 (Gopher, arXiv:2112.11446, table A1). A document is kept where at
// most
//
//   30 % of its lines, and of its paragraphs, are repetitions of earlier ones, and at most 20 % of its characters lie in those
//   20, 18, 16 % of its characters lie in its most frequent 2-, 3-, 4-gram
//   15, 14, 13, 12, 11, 10 % of its characters lie in 5- to 10-grams that occurred before
//
// n-grams are of words, of characters where the text lacks spaces. Repetitions are counted without overlap, from the left.

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "athanor/core/base/hash.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/words.h"

namespace athanor::data {
namespace {

using Units = std::vector<std::string_view>;

Units split_at(std::string_view text, std::string_view separator) {
  Units parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    if (text.substr(begin, end - begin).find_first_not_of(" \t\r\n") != std::string_view::npos)
      parts.push_back(text.substr(begin, end - begin));
    begin = end + separator.size();
  }
  return parts;
}

bool repeats_parts(std::string_view text, std::string_view separator) {
  const Units parts = split_at(text, separator);
  std::unordered_set<std::string_view> seen;
  size_t again = 0, bytes = 0;
  for (std::string_view part : parts)
    if (!seen.insert(part).second) ++again, bytes += part.size();
  return 10 * again > 3 * parts.size() || 10 * bytes > 2 * text.size();
}

size_t bytes_of(const Units& units, size_t first, size_t n) {
  size_t bytes = 0;
  for (size_t i = first; i < first + n; ++i) bytes += units[i].size();
  return bytes;
}

std::vector<uint64_t> grams(const std::vector<uint64_t>& hashes, size_t n) {
  std::vector<uint64_t> out;
  for (size_t i = 0; i + n <= hashes.size(); ++i) out.push_back(base::hash64(std::as_bytes(std::span(&hashes[i], n))));
  return out;
}

/// Characters in the most frequent n-gram, all its occurrences together; 0 where none occurs twice.
size_t bytes_in_top(const Units& units, const std::vector<uint64_t>& grams, size_t n) {
  std::unordered_map<uint64_t, size_t> counts;
  size_t most = 1, bytes = 0;
  for (uint64_t gram : grams) most = std::max(most, ++counts[gram]);
  if (most < 2) return 0;
  for (size_t i = 0; i < grams.size(); ++i)
    if (counts[grams[i]] == most) bytes = std::max(bytes, most * bytes_of(units, i, n));
  return bytes;
}

size_t bytes_repeated(const Units& units, const std::vector<uint64_t>& grams, size_t n) {
  std::unordered_set<uint64_t> seen;
  size_t bytes = 0;
  for (size_t i = 0; i < grams.size();) {
    const bool again = !seen.insert(grams[i]).second;
    if (again) bytes += bytes_of(units, i, n);
    i += again ? n : 1;
  }
  return bytes;
}

bool repeats_grams(std::string_view text) {
  const Units units = lacks_spaces(text) ? characters_of(text) : words_of(text);
  const size_t all = bytes_of(units, 0, units.size());
  std::vector<uint64_t> hashes;
  for (std::string_view unit : units) hashes.push_back(base::hash64(unit));
  for (size_t n = 2; n <= 4; ++n)
    if (100 * bytes_in_top(units, grams(hashes, n), n) > (24 - 2 * n) * all) return true;
  for (size_t n = 5; n <= 10; ++n)
    if (100 * bytes_repeated(units, grams(hashes, n), n) > (20 - n) * all) return true;
  return false;
}

}  // namespace

CleaningStep make_gopher_repetition(const CleaningOptions&) {
  return [](std::string& text) {
    const bool repeats = repeats_parts(text, "\n") || repeats_parts(text, "\n\n") || repeats_grams(text);
    return repeats ? Cleaned::kDropped : Cleaned::kSame;
  };
}

}  // namespace athanor::data

#pragma once
// Sets of Unicode characters, and their spelling as UTF-8 byte ranges. Surrogates are no characters and never in a set.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace athanor::generate {

inline constexpr uint32_t kLastChar = 0x10ffff;

struct CharRange {
  uint32_t low, high;  // both included
};

class CharSet {
 public:
  CharSet() = default;
  CharSet(std::initializer_list<CharRange> ranges) : ranges_(ranges) {}
  static CharSet all() { return {{0, kLastChar}}; }
  /// A general category of Unicode, "Lu", or a group of them, "L". False where there is none of that name.
  static bool of_category(std::string_view name, CharSet& out);

  void add(uint32_t low, uint32_t high) { ranges_.push_back({low, high}); }
  void add(const CharSet& other) { ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end()); }
  /// Every character that is not in the set.
  CharSet inverted() const;
  CharSet without(const CharSet& other) const;
  CharSet common_with(const CharSet& other) const;
  /// Sorted, apart, without surrogates.
  std::vector<CharRange> ranges() const;
  bool empty() const { return ranges().empty(); }

 private:
  std::vector<CharRange> ranges_;
};

struct ByteRange {
  uint8_t low, high;
  bool operator==(const ByteRange&) const = default;
  auto operator<=>(const ByteRange&) const = default;
};
/// One to four byte ranges, one after another.
using ByteSequence = std::vector<ByteRange>;

/// The UTF-8 spellings of a set: each character is spelled by exactly one of the sequences, and each sequence spells only
/// characters of the set.
std::vector<ByteSequence> utf8_sequences(const CharSet& set);

}  // namespace athanor::generate

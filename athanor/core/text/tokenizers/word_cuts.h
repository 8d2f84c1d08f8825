#pragma once
// Where a text may be cut before BPE without a change of the result: between two characters that stand side by side in no token
// that merging makes. So a model without a pre-tokenizer (SentencePiece's) need not merge its whole text at once, and its words can
// be kept in a cache.

#include <cstdint>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

class WordCuts {
 public:
  /// No cut falls between neighbours in this token.
  void join(std::string_view token) {
    if (bits_.empty()) bits_.resize(size_t{1} << (kBits - 6));
    for (size_t i = 0; i < token.size();) {
      Char a = char_at(token.data() + i);
      i += a.length;
      if (i == token.size()) break;
      uint32_t bit = bit_of(a.code, char_at(token.data() + i).code);
      bits_[bit >> 6] |= uint64_t{1} << (bit & 63);
    }
  }

  /// The end of the part of a text that begins at `begin`; where pairs of characters share a bit it may be longer than need be.
  size_t end_of_part(std::string_view text, size_t begin) const {
    Char a = char_at(text.data() + begin);
    size_t end = begin + a.length;
    while (end < text.size()) {
      Char b = char_at(text.data() + end);
      uint32_t bit = bit_of(a.code, b.code);
      if (!(bits_[bit >> 6] >> (bit & 63) & 1)) break;
      end += b.length;
      a = b;
    }
    return end;
  }

  bool empty() const { return bits_.empty(); }

 private:
  static constexpr int kBits = 18;
  static uint32_t bit_of(uint32_t a, uint32_t b) { return (a * 0x9e3779b1u ^ b * 0x85ebca6bu) * 0xc2b2ae35u >> (32 - kBits); }
  std::vector<uint64_t> bits_;
};

}  // namespace athanor::text

#pragma once
// Random strings that tools/golden/text_random.py makes too, number for number; and the hash of ids that both sides take.

#include <cstdint>
#include <span>
#include <string>

namespace athanor::text {

/// xorshift64* (Marsaglia 2003, Vigna 2016).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint32_t below(uint32_t n);

 private:
  uint64_t state_;
};

/// Letters, signs, white space, contractions, CJK and any other characters, in valid UTF-8.
std::string random_string(Random& random);

uint64_t ids_hash(std::span<const int32_t> ids, uint64_t value = 0);

}  // namespace athanor::text

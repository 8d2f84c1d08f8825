#include "athanor/core/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "athanor/core/base/mapped_file.h"

namespace athanor::base {

uint64_t hash64(std::span<const std::byte> bytes, uint64_t seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

std::string hash_hex(uint64_t hash) {
  std::string digits(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) digits[static_cast<size_t>(i)] = "0123456789abcdef"[hash & 15];
  return digits;
}

uint64_t hash_file(const std::filesystem::path& path) {
  MappedFile file(path);
  file.will_read_all();
  return hash64(file.bytes());
}

}  // namespace athanor::base

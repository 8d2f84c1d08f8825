#include "athanor/core/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::base {

uint64_t hash64(std::span<const std::byte> bytes, uint64_t seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

std::string hash_hex(uint64_t hash) {
  std::string digits(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) digits[static_cast<size_t>(i)] = "0123456789abcdef"[hash & 15];
  return digits;
}

// Read in pieces and not mapped: a mapped page counts as this process's memory, and checkpoints are large.
uint64_t hash_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::vector<char> piece(1 << 20);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    XXH3_64bits_update(state.get(), piece.data(), static_cast<size_t>(file.gcount()));
  if (!file.eof()) file_error("base.hash", {cat("cannot read ", path.string()), std::strerror(errno)});
  return XXH3_64bits_digest(state.get());
}

}  // namespace athanor::base

#pragma once
// 64-bit XXH3: data order, cache keys, manifests. Not for secrets.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace athanor::base {

uint64_t hash64(std::span<const std::byte> bytes, uint64_t seed = 0);
inline uint64_t hash64(std::string_view text, uint64_t seed = 0) {
  return hash64(std::as_bytes(std::span(text.data(), text.size())), seed);
}
/// Sixteen hexadecimal digits.
std::string hash_hex(uint64_t hash);
/// Hash of a whole file; file_error where it cannot be read.
uint64_t hash_file(const std::filesystem::path& path);

}  // namespace athanor::base

#pragma once
// Reads little-endian values from bytes that nobody vouches for. Every read is bounds-checked; a short file is a file_error.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace athanor::base {

class ByteReader {
 public:
  /// `where` ("checkpoint.gguf") and `file` go into the error text.
  ByteReader(std::span<const std::byte> bytes, std::string where, std::string file)
      : bytes_(bytes), where_(std::move(where)), file_(std::move(file)) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }

  /// The next n bytes. `what` names them in the error.
  std::span<const std::byte> take(uint64_t n, std::string_view what);

  template <typename T>
  T read(std::string_view what) {
    static_assert(std::endian::native == std::endian::little && std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  size_t position_ = 0;
  std::string where_, file_;
};

}  // namespace athanor::base

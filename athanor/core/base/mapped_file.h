#pragma once
// A read-only memory-mapped file. Closed by the destructor; an empty file maps to an empty span.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace athanor::base {

class MappedFile {
 public:
  MappedFile() = default;
  /// Throws file_error where the file is missing, unreadable or not a regular file.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  /// Tells the kernel that pages will be read soon, in order.
  void will_read_all() const;
  /// Gives the pages of `part` back, where it lies in this file; they are read again when somebody looks at them.
  void drop(std::span<const std::byte> part) const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// The whole file as a string; file_error where it is missing or larger than `limit` bytes.
std::string read_text_file(const std::filesystem::path& path, size_t limit = size_t{1} << 30);

}  // namespace athanor::base

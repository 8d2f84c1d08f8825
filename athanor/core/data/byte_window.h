#pragma once
// The bytes of a file as they are read, seen through a window that grows until a record is whole. `.gz` and `.zst` files are
// unpacked on the way, so memory holds a few records and never a file.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace athanor::data {

/// Bytes in order, piece by piece.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Appends at most about 1 MiB to `out`; false where the end was reached and nothing was added. file_error on a broken file.
  virtual bool read(std::string& out) = 0;
};

/// A file as it is, or unpacked where its name ends in .gz (RFC 1952, members one after the other) or .zst (RFC 8878, frames).
std::unique_ptr<ByteStream> open_stream(const std::filesystem::path& file);
/// Whether open_stream would unpack it.
bool is_packed(const std::filesystem::path& file);

class ByteWindow {
 public:
  /// A leading byte order mark is left out.
  explicit ByteWindow(std::unique_ptr<ByteStream> stream);
  /// Of bytes in memory, which must outlive it.
  static ByteWindow of_text(std::string_view text);

  std::string_view view() const { return std::string_view(buffer_).substr(begin_); }
  /// Makes the view longer; false where the file has ended.
  bool more();
  /// Gives up the first `count` bytes of the view.
  void consume(size_t count);
  /// Where the view begins, counted from 1.
  int64_t line() const { return line_; }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::string buffer_;
  size_t begin_ = 0;
  int64_t line_ = 1;
};

/// All that is left of a stream; file_error beyond `limit` bytes.
std::string read_all(ByteStream& stream, const std::string& name, size_t limit);

}  // namespace athanor::data

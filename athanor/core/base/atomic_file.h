#pragma once
// Output appears whole or not at all: write beside, flush, fsync, rename, fsync the folder. What was not committed is removed.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace athanor::base {

/// One file. Bytes go to `<path>.tmp-<pid>`; commit() puts it in the place of `path`.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // without commit(): removes the temporary

  /// Throws file_error with the path and the system's reason (full disk, ...).
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Overwrites bytes already written, for headers known only at the end.
  void write_at(uint64_t offset, std::span<const std::byte> bytes);
  uint64_t position() const { return position_; }
  void commit();

 private:
  void fail(const char* operation);
  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
  uint64_t position_ = 0;
};

/// A whole folder: fill `path()` (a temporary beside the target), then commit() renames it to the target.
/// An existing target is an input_error unless `replace`; with replace it is exchanged in one step (renameat2) and then removed.
class AtomicFolder {
 public:
  AtomicFolder(std::filesystem::path target, bool replace = false);
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  ~AtomicFolder();
  const std::filesystem::path& path() const { return temporary_; }
  /// fsyncs every file inside, the folder, renames, fsyncs the parent.
  void commit();

 private:
  std::filesystem::path target_, temporary_;
  bool replace_, committed_ = false;
};

/// AtomicFile in one call.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace athanor::base

#include "athanor/core/base/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kInfix = ".tmp-";

[[noreturn]] void fail_on(const fs::path& path, const char* operation, int reason) {
  file_error("base.output", {cat("cannot ", operation, " ", path.string()), std::strerror(reason)});
}

/// "dir/name/" and "name" become "dir/name" and "./name": a path with a parent and a last part.
fs::path with_parent(fs::path path) {
  if (!path.has_filename()) path = path.parent_path();
  return path.has_parent_path() ? path : "." / path;
}

fs::path temporary_beside(const fs::path& path) { return path.string() + std::string(kInfix) + std::to_string(getpid()); }

/// Temporaries of this target that a killed process left behind.
void remove_leftovers(const fs::path& target) {
  const std::string prefix = target.filename().string() + std::string(kInfix);
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(target.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t owner = 0;
    if (!name.starts_with(prefix)) continue;
    auto [end, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), owner);
    const bool whole = error == std::errc() && end == name.data() + name.size() && owner > 0;
    if (whole && (owner == getpid() || (kill(owner, 0) != 0 && errno == ESRCH))) fs::remove_all(entry.path(), ignored);
  }
}

void sync_path(const fs::path& path, int flags) {
  int descriptor = open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) fail_on(path, "open", errno);
  const int reason = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  if (reason) fail_on(path, "flush", reason);
}

void sync_folder(const fs::path& folder) { sync_path(folder, O_RDONLY | O_DIRECTORY); }

void sync_tree(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_symlink()) continue;
    if (entry.is_directory()) sync_tree(entry.path());
    if (entry.is_regular_file()) sync_path(entry.path(), O_RDONLY);
  }
  sync_folder(folder);
}

/// Puts `made` in the place of `target` and leaves what was there at `made`.
void exchange_folders(const fs::path& made, const fs::path& target) {
  if (renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) fail_on(target, "replace", errno);
  // A file system that cannot exchange (NFS, some FUSE): two renames, each whole; between them the old one is at ".old".
  const fs::path aside = made.string() + ".old";
  if (rename(target.c_str(), aside.c_str()) != 0) fail_on(target, "move aside", errno);
  if (rename(made.c_str(), target.c_str()) != 0) {
    const int reason = errno;
    (void)rename(aside.c_str(), target.c_str());
    fail_on(target, "replace", reason);
  }
  if (rename(aside.c_str(), made.c_str()) != 0) fail_on(aside, "rename", errno);
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(with_parent(std::move(path))), temporary_(temporary_beside(path_)) {
  struct stat status;
  if (stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    file_error("base.output", {path_.string() + " is not a regular file", "", "a file that may be replaced"});
  remove_leftovers(path_);
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_on(path_, "create", errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(temporary_.c_str());
}

void AtomicFile::fail(const char* operation) {
  const int reason = errno;
  fail_on(path_, operation, reason);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write_at(position_, bytes);
  position_ += bytes.size();
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

void AtomicFile::write_at(uint64_t offset, std::span<const std::byte> bytes) {
  expect(descriptor_ >= 0, "base.output", "write after commit");
  while (!bytes.empty()) {
    const ssize_t n = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write");
    bytes = bytes.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
}

void AtomicFile::commit() {
  expect(descriptor_ >= 0, "base.output", "commit twice");
  if (fsync(descriptor_) != 0) fail("flush");
  // close() may report what a network file system could not store; the descriptor is gone either way
  if (close(std::exchange(descriptor_, -1)) != 0 || rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    unlink(temporary_.c_str());
    fail_on(path_, "finish", reason);
  }
  sync_folder(path_.parent_path());
}

AtomicFolder::AtomicFolder(fs::path target, bool replace)
    : target_(with_parent(std::move(target))), temporary_(temporary_beside(target_)), replace_(replace) {
  std::error_code error;
  const bool free = !fs::exists(target_, error) || (fs::is_directory(target_, error) && fs::is_empty(target_, error));
  if (!free && !replace_) input_error("base.output", {target_.string() + " already exists", "", "a new folder", "another name"});
  if (!free && !fs::is_directory(target_, error)) file_error("base.output", {target_.string() + " is not a folder"});
  fs::create_directories(target_.parent_path(), error);
  if (!error) remove_leftovers(target_);
  if (!error) fs::create_directory(temporary_, error);
  if (error) fail_on(target_, "create", error.value());
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  expect(!committed_, "base.output", "commit twice");
  sync_tree(temporary_);
  std::error_code error;
  const bool exchanged = replace_ && fs::exists(target_, error) && !fs::is_empty(target_, error);
  if (exchanged) {
    exchange_folders(temporary_, target_);
  } else if (rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail_on(target_, "finish", errno);
  }
  committed_ = true;
  sync_folder(target_.parent_path());
  if (exchanged) fs::remove_all(temporary_, error);  // the old one, only now that the new one is safe
}

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace athanor::base

#include "athanor/core/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

struct Opened {
  int descriptor;
  size_t size;
  ~Opened() { close(descriptor); }
};

Opened open_regular(const std::filesystem::path& path) {
  // O_NONBLOCK: a named pipe must answer "not a regular file" instead of waiting for a writer
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) file_error("base.file", {"cannot open " + path.string(), std::strerror(errno)});
  struct stat status;
  bool regular = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular) {
    close(descriptor);
    file_error("base.file", {path.string() + " is not a regular file", "", "a file, not a folder or device"});
  }
  return {descriptor, static_cast<size_t>(status.st_size)};
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  Opened file = open_regular(path);
  if (file.size == 0) return;
  void* address = mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, file.descriptor, 0);
  if (address == MAP_FAILED) file_error("base.file", {"cannot map " + path.string(), std::strerror(errno)});
  data_ = static_cast<const std::byte*>(address);
  size_ = file.size;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::will_read_all() const {
  if (data_) madvise(const_cast<std::byte*>(data_), size_, MADV_WILLNEED);
}

void MappedFile::drop(std::span<const std::byte> part) const {
  if (part.empty() || part.data() < data_ || part.data() + part.size() > data_ + size_) return;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t begin = static_cast<size_t>(part.data() - data_) / page * page;
  const size_t end = static_cast<size_t>(part.data() + part.size() - data_);
  madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

std::string read_text_file(const std::filesystem::path& path, size_t limit) {
  Opened file = open_regular(path);
  const auto too_large = [&] {
    file_error("base.file", {path.string() + " is too large", human_bytes(static_cast<double>(file.size)),
                             "at most " + human_bytes(static_cast<double>(limit))});
  };
  if (file.size > limit) too_large();
  // Files of /proc say 0 and others may grow: read until the end, whatever fstat said.
  std::string text;
  for (size_t have = 0;;) {
    text.resize(std::max(file.size + 1, have + 4096));
    const ssize_t n = read(file.descriptor, text.data() + have, text.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) file_error("base.file", {"cannot read " + path.string(), std::strerror(errno)});
    have += static_cast<size_t>(n);
    if (have > limit) too_large();
    if (n == 0) {
      text.resize(have);
      return text;
    }
  }
}

}  // namespace athanor::base

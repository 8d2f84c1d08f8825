#include "athanor/core/data/byte_window.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

constexpr size_t kPiece = size_t{1} << 20;

class PlainStream : public ByteStream {
 public:
  explicit PlainStream(const fs::path& path) : path_(path) {
    if (fs::is_directory(path)) base::file_error("data.source", {"cannot read " + path.string(), "a folder", "a file"});
    file_.open(path, std::ios::binary);
    if (!file_) base::file_error("data.source", {"cannot read " + path.string(), std::strerror(errno)});
  }
  bool read(std::string& out) override {
    const size_t before = out.size();
    out.resize(before + kPiece);
    file_.read(out.data() + before, static_cast<std::streamsize>(kPiece));
    out.resize(before + static_cast<size_t>(file_.gcount()));
    if (file_.bad()) base::file_error("data.source", {"cannot read " + path_.string(), std::strerror(errno)});
    return out.size() > before;
  }
  std::string name() const { return path_.filename().string(); }

 private:
  fs::path path_;
  std::ifstream file_;
};

[[noreturn]] void broken_stream(const std::string& name, const char* what, const char* detail) {
  base::file_error("data.source", {name + ": " + what, detail ? detail : ""});
}

class GzipStream : public ByteStream {
 public:
  explicit GzipStream(const fs::path& path) : file_(path) {
    if (inflateInit2(&state_, 15 + 16) != Z_OK) base::bug("data.source", {"zlib could not be set up"});
  }
  ~GzipStream() override { inflateEnd(&state_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  bool read(std::string& out) override {
    const size_t before = out.size();
    out.resize(before + kPiece);
    state_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    state_.avail_out = static_cast<uInt>(kPiece);
    while (state_.avail_out > 0 && refill()) {
      if (between_ && inflateReset(&state_) != Z_OK) base::bug("data.source", {"zlib could not be set up"});
      between_ = false;
      const int result = inflate(&state_, Z_NO_FLUSH);
      if (result == Z_STREAM_END)
        between_ = true;
      else if (result != Z_OK && result != Z_BUF_ERROR)
        broken_stream(file_.name(), "bad gzip data", state_.msg);
    }
    out.resize(before + kPiece - state_.avail_out);
    return out.size() > before;
  }

 private:
  /// Whether there is packed input.
  bool refill() {
    if (state_.avail_in > 0) return true;
    packed_.clear();
    if (!file_.read(packed_)) {
      if (!between_) broken_stream(file_.name(), "the gzip data is cut off", nullptr);
      return false;
    }
    state_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    state_.avail_in = static_cast<uInt>(packed_.size());
    return true;
  }

  PlainStream file_;
  z_stream state_{};
  std::string packed_;
  bool between_ = false;  // a member has ended
};

class ZstdStream : public ByteStream {
 public:
  explicit ZstdStream(const fs::path& path) : file_(path), state_(ZSTD_createDStream(), ZSTD_freeDStream) {
    base::expect(state_ != nullptr, "data.source", "zstd could not be set up");
  }

  bool read(std::string& out) override {
    const size_t before = out.size();
    out.resize(before + kPiece);
    ZSTD_outBuffer target{out.data() + before, kPiece, 0};
    while (target.pos < target.size) {
      if (input_.pos == input_.size && !refill()) break;
      wanted_ = ZSTD_decompressStream(state_.get(), &target, &input_);
      if (ZSTD_isError(wanted_)) broken_stream(file_.name(), "bad zstd data", ZSTD_getErrorName(wanted_));
    }
    out.resize(before + target.pos);
    return out.size() > before;
  }

 private:
  bool refill() {
    packed_.clear();
    if (!file_.read(packed_)) {
      if (wanted_ != 0) broken_stream(file_.name(), "the zstd data is cut off", nullptr);
      return false;
    }
    input_ = {packed_.data(), packed_.size(), 0};
    return true;
  }

  PlainStream file_;
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> state_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  std::string packed_;
  size_t wanted_ = 1;  // 0: a frame has ended
};

class NoStream : public ByteStream {
  bool read(std::string&) override { return false; }
};

}  // namespace

bool is_packed(const fs::path& file) { return file.extension() == ".gz" || file.extension() == ".zst"; }

std::unique_ptr<ByteStream> open_stream(const fs::path& file) {
  if (file.extension() == ".gz") return std::make_unique<GzipStream>(file);
  if (file.extension() == ".zst") return std::make_unique<ZstdStream>(file);
  return std::make_unique<PlainStream>(file);
}

ByteWindow::ByteWindow(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {
  while (buffer_.size() < 3 && stream_->read(buffer_)) {
  }
  if (buffer_.starts_with("\xEF\xBB\xBF")) begin_ = 3;
}

ByteWindow ByteWindow::of_text(std::string_view text) {
  ByteWindow window(std::make_unique<NoStream>());
  window.buffer_ = text;
  if (text.starts_with("\xEF\xBB\xBF")) window.begin_ = 3;
  return window;
}

bool ByteWindow::more() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  return stream_->read(buffer_);
}

void ByteWindow::consume(size_t count) {
  const auto from = buffer_.begin() + static_cast<ptrdiff_t>(begin_);
  line_ += std::count(from, from + static_cast<ptrdiff_t>(count), '\n');
  begin_ += count;
}

std::string read_all(ByteStream& stream, const std::string& name, size_t limit) {
  std::string all;
  while (stream.read(all))
    if (all.size() > limit)
      base::file_error("data.source", {name + " is too large to be read whole", base::cat("more than ", limit, " bytes")});
  return all;
}

}  // namespace athanor::data

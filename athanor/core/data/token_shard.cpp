#include "athanor/core/data/token_shard.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "athanor/core/base/byte_reader.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/checked.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"

namespace athanor::data {
namespace {

constexpr char kMagic[] = "ATHTOKEN";
constexpr uint32_t kVersion = 1;
constexpr uint64_t kHeaderBytes = 64;
constexpr size_t kBufferBytes = size_t{1} << 20;  // small documents are written together

uint64_t padded(uint64_t bytes) { return (bytes + 7) / 8 * 8; }

constexpr uint64_t kForgetBytes = uint64_t{64} << 20;  // what is checked is not kept in memory

/// Gives back the memory of mapped pages that were read; where they are needed they are read again.
void forget(const base::MappedFile& file) {
  madvise(const_cast<std::byte*>(file.bytes().data()), file.bytes().size(), MADV_DONTNEED);
}

uint32_t width_for(int64_t vocab) { return vocab <= 65536 ? 2 : vocab <= (1 << 24) ? 3 : 4; }

/// Little-endian numbers of `width` bytes -> `out`. Of three bytes, all but the last are read as four.
void widen(const std::byte* from, int64_t count, uint32_t width, int32_t* out) {
  if (width == 4) std::memcpy(out, from, static_cast<size_t>(count) * 4);
  if (width == 2)
    for (int64_t i = 0; i < count; ++i) {
      uint16_t number = 0;
      std::memcpy(&number, from + 2 * i, 2);
      out[i] = number;
    }
  if (width != 3) return;
  uint32_t number = 0;
  for (int64_t i = 0; i + 1 < count; ++i) {
    std::memcpy(&number, from + 3 * i, 4);
    out[i] = static_cast<int32_t>(number & 0xFFFFFF);
  }
  if (count == 0) return;
  number = 0;
  std::memcpy(&number, from + 3 * (count - 1), 3);
  out[count - 1] = static_cast<int32_t>(number);
}

/// The other way.
void narrow(std::span<const int32_t> ids, uint32_t width, std::byte* out) {
  for (int32_t id : ids) {
    if (width == 2)
      std::memcpy(out, &id, 2);
    else
      std::memcpy(out, &id, 3);
    out += width;
  }
}

[[noreturn]] void broken(const std::string& file, std::string what, std::string got = {}, std::string expected = {}) {
  base::file_error("data.shard", {file + ": " + std::move(what), std::move(got), std::move(expected),
                                  "remove it: it is made again from the text"});
}

/// Where the offsets begin, or nullopt where the sizes of the header cannot be those of a file of file_size bytes.
std::optional<uint64_t> offsets_position(uint64_t documents, uint64_t tokens, uint32_t width, uint64_t file_size) {
  auto bytes = base::checked_mul(tokens, width);
  if (!bytes || *bytes > file_size) return std::nullopt;
  uint64_t begin = kHeaderBytes + padded(*bytes);
  auto table = base::checked_mul(documents, 8);
  if (!table || *table > file_size || begin + *table + 8 != file_size) return std::nullopt;
  return begin;
}

}  // namespace

TokenShard TokenShard::open(const std::filesystem::path& path) {
  TokenShard shard;
  shard.file_ = base::MappedFile(path);
  std::string name = path.filename().string();
  auto bytes = shard.file_.bytes();
  base::ByteReader reader(bytes, "data.shard", name);
  if (std::memcmp(reader.take(8, "magic").data(), kMagic, 8) != 0) broken(name, "not a token shard");
  auto version = reader.read<uint32_t>("version");
  if (version != kVersion) broken(name, "unknown version", base::cat(version), base::cat(kVersion));
  shard.width_ = reader.read<uint32_t>("width");
  auto vocab = reader.read<uint64_t>("vocabulary size");
  shard.tokenizer_hash_ = reader.read<uint64_t>("tokenizer hash");
  auto documents = reader.read<uint64_t>("documents"), tokens = reader.read<uint64_t>("tokens");
  auto text_bytes = reader.read<uint64_t>("bytes of text"), hash = reader.read<uint64_t>("hash");
  if (vocab == 0 || vocab > (uint64_t{1} << 31)) broken(name, "vocabulary size out of range", base::cat(vocab));
  if (shard.width_ != width_for(static_cast<int64_t>(vocab)))
    broken(name, "width does not fit the vocabulary", base::cat(shard.width_));
  auto offsets = offsets_position(documents, tokens, shard.width_, bytes.size());
  if (!offsets)
    broken(name, "size does not match the header", base::cat(bytes.size(), " bytes"),
           base::cat(documents, " documents, ", tokens, " tokens"));
  shard.vocab_ = static_cast<int64_t>(vocab), shard.documents_ = static_cast<int64_t>(documents);
  shard.tokens_ = static_cast<int64_t>(tokens), shard.text_bytes_ = static_cast<int64_t>(text_bytes);
  shard.data_ = bytes.data() + kHeaderBytes;
  shard.offsets_ = reinterpret_cast<const uint64_t*>(bytes.data() + *offsets);  // 8-aligned: a mapping begins at a page
  shard.check_contents(name, hash);
  return shard;
}

void TokenShard::check_contents(const std::string& name, uint64_t hash) const {
  if (offsets_[0] != 0 || offsets_[documents_] != static_cast<uint64_t>(tokens_)) broken(name, "offsets do not cover the tokens");
  uint64_t chained = 0, unforgotten = 0;
  int64_t largest = -1;
  for (int64_t d = 0; d < documents_; ++d) {
    if (offsets_[d] >= offsets_[d + 1] || offsets_[d + 1] > static_cast<uint64_t>(tokens_))
      broken(name, "offsets do not rise", base::cat("document ", d));
    const uint64_t bytes = (offsets_[d + 1] - offsets_[d]) * width_;
    chained = base::hash64({data_ + offsets_[d] * width_, bytes}, chained);
    largest = std::max(largest, largest_of(begin_of(d), begin_of(d + 1)));
    unforgotten += bytes;
    if (unforgotten >= kForgetBytes) forget(file_), unforgotten = 0;
  }
  forget(file_);
  if (base::hash64(base::cat(chained, " ", text_bytes_, " ", vocab_, " ", tokenizer_hash_)) != hash)
    broken(name, "contents do not match their hash");
  if (largest >= vocab_) broken(name, "token outside the vocabulary", base::cat(largest), base::cat("below ", vocab_));
}

int64_t TokenShard::largest_of(int64_t begin, int64_t end) const {
  constexpr int64_t kPiece = 1024;
  int32_t piece[kPiece];
  uint32_t largest = 0;
  for (int64_t at = begin; at < end; at += kPiece) {
    const int64_t count = std::min(kPiece, end - at);
    widen(data_ + at * width_, count, width_, piece);
    for (int64_t i = 0; i < count; ++i) largest = std::max(largest, static_cast<uint32_t>(piece[i]));
  }
  return largest;
}

void TokenShard::copy(int64_t document, int64_t first, int64_t count, int32_t* out) const {
  widen(data_ + (begin_of(document) + first) * width_, count, width_, out);
}

TokenShardWriter::TokenShardWriter(std::filesystem::path path, int64_t vocab_size, uint64_t tokenizer_hash)
    : file_(std::move(path)), vocab_(vocab_size), tokenizer_hash_(tokenizer_hash), width_(width_for(vocab_size)) {
  file_.write(header());
}

void TokenShardWriter::add(std::span<const int32_t> ids, int64_t text_bytes) {
  text_bytes_ += text_bytes;
  if (ids.empty()) return;
  for (int32_t id : ids)
    if (id < 0 || id >= vocab_)
      base::bug("data.shard", {"token outside the vocabulary", base::cat(id), base::cat("below ", vocab_)});
  auto bytes = std::as_bytes(ids);
  if (width_ < 4) {
    narrow_.resize(ids.size() * width_);
    narrow(ids, width_, narrow_.data());
    bytes = narrow_;
  }
  hash_ = base::hash64(bytes, hash_);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  if (buffer_.size() >= kBufferBytes) flush();
  offsets_.push_back(offsets_.back() + ids.size());
}

void TokenShardWriter::flush() {
  file_.write(buffer_);
  buffer_.clear();
}

std::vector<std::byte> TokenShardWriter::header() const {
  std::vector<std::byte> out(kHeaderBytes);
  uint32_t small[] = {kVersion, width_};
  uint64_t large[] = {
      static_cast<uint64_t>(vocab_),      tokenizer_hash_,
      static_cast<uint64_t>(documents()), static_cast<uint64_t>(tokens()),
      static_cast<uint64_t>(text_bytes_), base::hash64(base::cat(hash_, " ", text_bytes_, " ", vocab_, " ", tokenizer_hash_))};
  std::memcpy(out.data(), kMagic, 8);
  std::memcpy(out.data() + 8, small, sizeof small);
  std::memcpy(out.data() + 16, large, sizeof large);
  return out;
}

void TokenShardWriter::commit() {
  uint64_t bytes = static_cast<uint64_t>(tokens()) * width_;
  flush();
  std::byte zeros[8] = {};
  file_.write({zeros, padded(bytes) - bytes});
  file_.write(std::as_bytes(std::span<const uint64_t>(offsets_)));
  file_.write_at(0, header());
  file_.commit();
}

}  // namespace athanor::data

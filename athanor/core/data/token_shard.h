#pragma once
// Tokenized documents in one mapped file, so that a corpus larger than memory trains as well as a small one.
//
//   offset  0  "ATHTOKEN", u32 version (1), u32 width of a token in bytes (2 or 3 where the vocabulary fits, else 4)
//          16  u64 vocabulary size, u64 tokenizer hash, u64 documents, u64 tokens, u64 bytes of text, u64 hash of the documents
//          64  tokens, one document after the other, padded to a multiple of 8
//              u64 offsets [documents + 1]: document i is tokens [offsets[i], offsets[i + 1])
// Little-endian. Special tokens between documents are not stored: packing adds them.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::data {

class TokenShard {
 public:
  /// file_error on anything broken: a short file, offsets that do not rise, an id outside the vocabulary, a hash that does not
  /// match.
  static TokenShard open(const std::filesystem::path& path);

  int64_t documents() const { return documents_; }
  int64_t tokens() const { return tokens_; }
  int64_t text_bytes() const { return text_bytes_; }  // UTF-8 bytes of the cleaned text
  int64_t vocab_size() const { return vocab_; }
  uint64_t tokenizer_hash() const { return tokenizer_hash_; }
  int64_t document_tokens(int64_t document) const { return begin_of(document + 1) - begin_of(document); }
  /// Copies `count` tokens of a document from its `first` on.
  void copy(int64_t document, int64_t first, int64_t count, int32_t* out) const;

 private:
  int64_t begin_of(int64_t document) const { return static_cast<int64_t>(offsets_[document]); }
  void check_contents(const std::string& name, uint64_t hash) const;
  int64_t largest_of(int64_t begin, int64_t end) const;

  base::MappedFile file_;
  const std::byte* data_ = nullptr;
  const uint64_t* offsets_ = nullptr;
  int64_t vocab_ = 0, documents_ = 0, tokens_ = 0, text_bytes_ = 0;
  uint64_t tokenizer_hash_ = 0;
  uint32_t width_ = 2;
};

/// Writes a shard, whole or not at all.
class TokenShardWriter {
 public:
  TokenShardWriter(std::filesystem::path path, int64_t vocab_size, uint64_t tokenizer_hash);
  /// One document; an empty one is left out.
  void add(std::span<const int32_t> ids, int64_t text_bytes);
  void commit();
  int64_t documents() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  int64_t tokens() const { return static_cast<int64_t>(offsets_.back()); }

 private:
  std::vector<std::byte> header() const;
  void flush();
  base::AtomicFile file_;
  int64_t vocab_, text_bytes_ = 0;
  uint64_t tokenizer_hash_, hash_ = 0;
  uint32_t width_;
  std::vector<uint64_t> offsets_{0};
  std::vector<std::byte> narrow_;
  std::vector<std::byte> buffer_;
};

}  // namespace athanor::data

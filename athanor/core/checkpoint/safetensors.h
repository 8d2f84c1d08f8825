#pragma once
// safetensors: 8 bytes header length, a JSON header {name: {dtype, shape, data_offsets}}, then the bytes.
// Every rule is checked before anything is allocated: header <= 100 MB and begins with '{', depth <= 4, no duplicate key, known
// dtype, dtype x shape == offsets (checked products), ranges inside the file, disjoint and without holes, names valid UTF-8 without
// NUL.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/checkpoint/array.h"

namespace athanor::checkpoint {

using Metadata = std::map<std::string, std::string>;

/// Arrays of one .safetensors file, or of a folder (model.safetensors, or model.safetensors.index.json and its shards), mapped.
/// Views stay valid as long as the Checkpoint (or a copy of it) lives.
class Checkpoint {
 public:
  /// file_error on anything broken, input_error where `path` holds no weights.
  static Checkpoint open(const std::filesystem::path& path);
  /// Arrays that another reader found in `path` and that live as long as `storage`; file_error where two have one name.
  static Checkpoint of(std::filesystem::path path, std::vector<NamedArray> arrays, std::shared_ptr<const void> storage);

  /// In the order of the files.
  const std::vector<NamedArray>& arrays() const;
  const ArrayView* find(std::string_view name) const;
  /// file_error that names the array and the nearest existing name.
  const ArrayView& at(std::string_view name) const;
  const Metadata& metadata() const;
  /// The array was read and is not needed soon: its pages no longer count as this process's memory. It can be read again.
  void drop(const ArrayView& array) const;
  uint64_t total_bytes() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// The header alone, for readers and the fuzzer: `bytes` is the beginning of the file, at least the whole header; views' spans are
/// empty and `offsets[i]` are [begin, end) from the start of the data. Throws file_error.
struct SafetensorsHeader {
  struct Item {
    std::string name;
    base::DType dtype;
    std::vector<int64_t> shape;
    uint64_t begin, end;
  };
  std::vector<Item> items;
  Metadata metadata;
  uint64_t data_begin;
};
SafetensorsHeader parse_safetensors_header(std::span<const std::byte> bytes, uint64_t file_size, std::string_view source);

/// Writes one file, whole or not at all. `metadata` gets {"format": "pt"}, without which transformers refuses a file.
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedArray>& arrays, Metadata metadata = {});

/// Writes model.safetensors, or shards of at most `shard_bytes` with model.safetensors.index.json, into an existing folder.
void write_sharded(const std::filesystem::path& folder, const std::vector<NamedArray>& arrays,
                   uint64_t shard_bytes = uint64_t{5} << 30, const Metadata& metadata = {});

}  // namespace athanor::checkpoint

#pragma once
// GGUF, llama.cpp's file of a whole model: "GGUF", version, counts, then keys with typed values, then for each tensor its name,
// shape, type and place, then, at a multiple of general.alignment, the tensors. Versions 2 and 3, one file or a split one.
// Every rule is checked before anything is allocated: at most 65,536 keys and a million tensors, texts of at most 64 MiB and
// arrays within what is left of the file, known types, unique names, checked products, tensors inside the file and disjoint.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/checkpoint/array.h"
#include "athanor/core/checkpoint/block_format.h"

namespace athanor::checkpoint {

enum class GgufType : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kText, kArray, kU64, kI64, kF64 };
/// "U32", "TEXT", ...
const char* gguf_type_name(GgufType type);

/// One value, or an array of values of one type; it points into the file.
struct GgufValue {
  GgufType type = GgufType::kU32;  // of the value or of each element; never kArray
  bool is_array = false;
  uint64_t count = 1;
  std::span<const std::byte> numbers;   // little-endian, at any address; empty for texts
  std::vector<std::string_view> texts;  // of kText; not checked to be UTF-8
};

/// The keys of a file. A getter answers nullopt (nullptr) where the key is absent, and throws file_error with file and key where
/// the value has another type or does not fit.
class GgufMetadata {
 public:
  struct Item {
    std::string key;
    GgufValue value;
  };
  const std::vector<Item>& items() const { return items_; }
  const std::string& source() const { return source_; }
  const GgufValue* find(std::string_view key) const;

  std::optional<int64_t> integer(std::string_view key) const;  // any integer type
  std::optional<float> number(std::string_view key) const;     // F32, F64 or an integer
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  const std::vector<std::string_view>* texts(std::string_view key) const;
  std::optional<std::vector<int64_t>> integers(std::string_view key) const;
  std::optional<std::vector<float>> numbers(std::string_view key) const;

  [[noreturn]] void refuse(std::string_view key, std::string got, std::string expected) const;

 private:
  friend class GgufParser;
  void expect_form(std::string_view key, const GgufValue& value, bool array, const char* expected) const;
  std::string source_;
  std::vector<Item> items_;
};

/// What stands before the tensors' bytes. `begin` counts from `data_begin`.
struct GgufHeader {
  struct Tensor {
    std::string name;
    const BlockFormat* format;
    std::vector<int64_t> shape;  // row-major, the longest stride first: GGUF's order reversed
    uint64_t begin, bytes;
  };
  uint32_t version;
  uint64_t data_begin;
  GgufMetadata metadata;
  std::vector<Tensor> tensors;
};
/// `bytes` is the whole file. Throws file_error.
GgufHeader parse_gguf(std::span<const std::byte> bytes, std::string_view source);

/// A mapped file, or all files of a split one. Values and arrays live as long as `storage`.
struct GgufFile {
  std::filesystem::path path;
  GgufMetadata metadata;  // of the first file
  std::vector<NamedArray> tensors;
  std::shared_ptr<const void> storage;

  /// Any part of a split file opens all of them. input_error where `path` is not there, file_error on anything broken.
  static GgufFile open(const std::filesystem::path& path);
  /// A file in memory that the caller keeps, one of a split one by itself; `path` names it in messages.
  static GgufFile read(std::span<const std::byte> bytes, const std::filesystem::path& path);
  const ArrayView* find(std::string_view name) const;
};

}  // namespace athanor::checkpoint

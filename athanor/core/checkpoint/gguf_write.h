#pragma once
// Writes GGUF version 3: keys and tensors are listed first, then everything is written in one pass, one tensor in memory at a time.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/checkpoint/gguf.h"

namespace athanor::checkpoint {

class GgufWriter {
 public:
  // Each key once; another time is a bug. Texts may be any bytes.
  void integer(std::string_view key, uint32_t value);
  void number(std::string_view key, float value);
  void boolean(std::string_view key, bool value);
  void text(std::string_view key, std::string_view value);
  void texts(std::string_view key, std::span<const std::string> values);
  void numbers(std::string_view key, std::span<const float> values);
  void integers(std::string_view key, std::span<const int32_t> values);
  void booleans(std::string_view key, const std::vector<bool>& values);

  using Make = std::function<std::vector<std::byte>()>;
  /// `shape` is row-major, with rows of whole blocks of `format`; `make` gives the bytes when their turn comes.
  void tensor(std::string name, std::vector<int64_t> shape, const BlockFormat& format, Make make);

  /// The file, whole or not at all.
  void write(const std::filesystem::path& path) const;

  struct Tensor {
    std::string name;
    std::vector<int64_t> shape;
    const BlockFormat* format;
    Make make;
    uint64_t bytes;
  };
  /// nullptr where no such tensor was added.
  const Tensor* find(std::string_view name) const;
  /// A file of the keys alone, for parse_gguf.
  std::string keys() const;

 private:
  void key(std::string_view name, GgufType type);
  std::string header(bool with_tensors) const;

  std::vector<std::string> keys_;
  std::string metadata_;  // the keys as they lie in the file
  std::vector<Tensor> tensors_;
};

}  // namespace athanor::checkpoint

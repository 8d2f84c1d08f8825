#include "athanor/core/checkpoint/gguf.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::checkpoint {
namespace fs = std::filesystem;

namespace {

constexpr const char* kGgufWhere = "checkpoint.gguf";
constexpr int64_t kMostParts = 99'999;

struct GgufStorage {
  std::vector<base::MappedFile> files;
  std::deque<std::vector<std::byte>> aligned;  // copies of arrays that begin at an odd place
};

/// Adds the tensors of one file; returns its keys.
GgufMetadata add_tensors(std::span<const std::byte> file, const fs::path& path, GgufStorage& storage,
                         std::vector<NamedArray>& tensors) {
  GgufHeader header = parse_gguf(file, path.string());
  for (GgufHeader::Tensor& tensor : header.tensors) {
    std::span<const std::byte> bytes = file.subspan(header.data_begin + tensor.begin, tensor.bytes);
    ArrayView view{tensor.format->plain.value_or(base::DType::kF32), std::move(tensor.shape), bytes};
    if (!tensor.format->plain) {
      view.blocks = tensor.format;
    } else if (reinterpret_cast<uintptr_t>(bytes.data()) % base::dtype_size(view.dtype) != 0) {
      view.bytes = storage.aligned.emplace_back(bytes.begin(), bytes.end());
    }
    tensors.push_back({std::move(tensor.name), std::move(view)});
  }
  return std::move(header.metadata);
}

/// Maps one file.
GgufMetadata add_file(const fs::path& path, GgufStorage& storage, std::vector<NamedArray>& tensors) {
  const base::MappedFile& file = storage.files.emplace_back(path);
  return add_tensors(file.bytes(), path, storage, tensors);
}

/// "model-00001-of-00003.gguf", 3, 2 -> "model-00002-of-00003.gguf"
fs::path part_path(const GgufMetadata& metadata, const fs::path& path, int64_t part, int64_t parts) {
  auto five = [](int64_t n) {
    const std::string digits = base::cat(n);
    return std::string(5 - digits.size(), '0') + digits;
  };
  const std::string ending = base::cat("-of-", five(parts), ".gguf"), name = path.filename().string();
  if (name.size() < ending.size() + 6 || !name.ends_with(ending))
    metadata.refuse("split.count", base::cat(parts, " in a file called ", name), base::cat("a name like model-00001", ending));
  return path.parent_path() / (name.substr(0, name.size() - ending.size() - 5) + five(part) + ending);
}

int64_t parts_of(const GgufMetadata& metadata) {
  const int64_t parts = metadata.integer("split.count").value_or(0);
  if (parts < 0 || parts > kMostParts) metadata.refuse("split.count", base::cat(parts), base::cat("at most ", kMostParts));
  return parts;
}

void check_part(const GgufMetadata& metadata, int64_t part, int64_t parts) {
  const int64_t number = metadata.integer("split.no").value_or(-1);
  if (number != part || parts_of(metadata) != parts)
    metadata.refuse("split.no", base::cat(number, " of ", parts_of(metadata)), base::cat(part, " of ", parts));
}

}  // namespace

GgufFile GgufFile::open(const fs::path& path) {
  std::error_code reason;
  if (!fs::exists(path, reason))
    base::input_error(kGgufWhere, {base::cat(path.string(), ": no such file"), reason ? reason.message() : ""});
  auto storage = std::make_shared<GgufStorage>();
  GgufFile file{path, {}, {}, {}};
  file.metadata = add_file(path, *storage, file.tensors);
  if (const int64_t parts = parts_of(file.metadata); parts > 1) {
    const GgufMetadata opened = std::move(file.metadata);
    file.tensors.clear();
    for (int64_t part = 0; part < parts; ++part) {
      GgufMetadata metadata = add_file(part_path(opened, path, part + 1, parts), *storage, file.tensors);
      check_part(metadata, part, parts);
      if (part == 0) file.metadata = std::move(metadata);
    }
    std::unordered_set<std::string_view> names;
    for (const NamedArray& tensor : file.tensors)
      if (!names.insert(tensor.name).second) file.metadata.refuse("split.count", tensor.name + " in two parts", "each tensor once");
    const int64_t expected = file.metadata.integer("split.tensors.count").value_or(static_cast<int64_t>(file.tensors.size()));
    if (expected != static_cast<int64_t>(file.tensors.size()))
      file.metadata.refuse("split.tensors.count", base::cat(file.tensors.size(), " tensors in the parts"), base::cat(expected));
  }
  file.storage = std::move(storage);
  return file;
}

GgufFile GgufFile::read(std::span<const std::byte> bytes, const fs::path& path) {
  auto storage = std::make_shared<GgufStorage>();
  GgufFile file{path, {}, {}, {}};
  file.metadata = add_tensors(bytes, path, *storage, file.tensors);
  file.storage = std::move(storage);
  return file;
}

const ArrayView* GgufFile::find(std::string_view name) const {
  auto found = std::find_if(tensors.begin(), tensors.end(), [name](const NamedArray& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &found->array;
}

}  // namespace athanor::checkpoint

// Writes what the Rust library writes, byte for byte: arrays by dtype (largest alignment first) then name, the header padded with
// spaces so that data begins at a multiple of 8.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/checked.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/utf8.h"
#include "athanor/core/checkpoint/safetensors.h"

namespace athanor::checkpoint {
namespace fs = std::filesystem;

namespace {

constexpr const char* kSafetensorsWriteWhere = "checkpoint.safetensors";

/// The library's order of types: by alignment, so that every array is aligned.
int rank(base::DType dtype) {
  using enum base::DType;
  static constexpr std::array kOrder = {kBool, kU8,  kI8,  kF8E5M2, kF8E4M3, kI16, kU16, kF16,
                                        kBF16, kI32, kU32, kF32,    kF64,    kI64, kU64};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), dtype) - kOrder.begin());
}

std::vector<const NamedArray*> in_file_order(const std::vector<NamedArray>& arrays) {
  std::vector<const NamedArray*> order;
  for (const NamedArray& array : arrays) order.push_back(&array);
  std::sort(order.begin(), order.end(), [](const NamedArray* a, const NamedArray* b) {
    int left = rank(a->array.dtype), right = rank(b->array.dtype);
    return left != right ? left > right : a->name < b->name;
  });
  return order;
}

/// What cannot be read back is not written.
void check_arrays(const std::vector<const NamedArray*>& arrays) {
  std::set<std::string_view> names;
  for (const NamedArray* array : arrays) {
    const auto& [name, view] = *array;
    if (name == "__metadata__" || name.find('\0') != std::string::npos || base::invalid_utf8(name) != std::string::npos)
      base::input_error(kSafetensorsWriteWhere, {"name cannot be written", name, "valid UTF-8 without NUL, not __metadata__"});
    if (!names.insert(name).second) base::input_error(kSafetensorsWriteWhere, {"two arrays of one name", name, "each name once"});
    auto count = base::checked_count(view.shape);
    auto size = count ? base::checked_mul(static_cast<uint64_t>(*count), base::dtype_size(view.dtype)) : std::nullopt;
    base::expect(size && *size == view.bytes.size(), kSafetensorsWriteWhere, "an array's bytes do not fit its shape and dtype");
  }
}

std::string quoted(const std::string& text) { return base::Json(text).dump(); }

std::string header_of(const std::vector<const NamedArray*>& arrays, const Metadata& metadata) {
  std::string header = "{\"__metadata__\":{";
  bool first = true;
  for (const auto& [key, value] : metadata) {
    header += base::cat(first ? "" : ",", quoted(key), ":", quoted(value));
    first = false;
  }
  header += "}";
  uint64_t offset = 0;
  for (const NamedArray* array : arrays) {
    const ArrayView& view = array->array;
    header += base::cat(",", quoted(array->name), ":{\"dtype\":\"", base::dtype_name(view.dtype), "\",\"shape\":[");
    for (size_t i = 0; i < view.shape.size(); ++i) header += base::cat(i ? "," : "", view.shape[i]);
    header += base::cat("],\"data_offsets\":[", offset, ",", offset + view.bytes.size(), "]}");
    offset += view.bytes.size();
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return header;
}

/// Arrays in the order given, cut where the next one would make a shard larger than `limit`.
std::vector<std::vector<NamedArray>> cut_into_shards(const std::vector<NamedArray>& arrays, uint64_t limit) {
  std::vector<std::vector<NamedArray>> shards(1);
  uint64_t size = 0;
  for (const NamedArray& array : arrays) {
    if (!shards.back().empty() && size + array.array.bytes.size() > limit) {
      shards.emplace_back();
      size = 0;
    }
    size += array.array.bytes.size();
    shards.back().push_back(array);
  }
  return shards;
}

std::string shard_name(size_t index, size_t count) {
  auto five = [](size_t n) {
    std::string digits = base::cat(n);
    return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
  };
  return base::cat("model-", five(index + 1), "-of-", five(count), ".safetensors");
}

/// A reader takes model.safetensors first, then the index: weights of an earlier save must not be found before the new ones.
void remove_older(const fs::path& folder, const std::set<std::string>& written) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    std::string name = entry.path().filename().string();
    bool weights = name == "model.safetensors" || name == "model.safetensors.index.json" ||
                   (name.starts_with("model-") && name.find("-of-") != std::string::npos && name.ends_with(".safetensors"));
    if (weights && !written.contains(name)) fs::remove(entry.path(), failed);
  }
  if (failed)
    base::file_error(kSafetensorsWriteWhere, {base::cat(folder.string(), ": cannot remove older weights"), failed.message()});
}

}  // namespace

void write_safetensors(const fs::path& path, const std::vector<NamedArray>& arrays, Metadata metadata) {
  metadata["format"] = "pt";
  std::vector<const NamedArray*> order = in_file_order(arrays);
  check_arrays(order);
  std::string header = header_of(order, metadata);
  uint64_t length = header.size();
  base::AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const NamedArray* array : order) file.write(array->array.bytes);
  file.commit();
}

void write_sharded(const fs::path& folder, const std::vector<NamedArray>& arrays, uint64_t shard_bytes, const Metadata& metadata) {
  std::vector<std::vector<NamedArray>> shards = cut_into_shards(arrays, shard_bytes);
  if (shards.size() == 1) {
    write_safetensors(folder / "model.safetensors", arrays, metadata);
    remove_older(folder, {"model.safetensors"});
    return;
  }
  std::set<std::string> written = {"model.safetensors.index.json"};
  std::map<std::string, std::string> weight_map;
  uint64_t total = 0;
  for (size_t i = 0; i < shards.size(); ++i) {
    std::string name = shard_name(i, shards.size());
    write_safetensors(folder / name, shards[i], metadata);
    written.insert(name);
    for (const NamedArray& array : shards[i]) {
      if (!weight_map.emplace(array.name, name).second)
        base::input_error(kSafetensorsWriteWhere, {"two arrays of one name", array.name, "each name once"});
      total += array.array.bytes.size();
    }
  }
  base::Json index = {{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}};
  base::write_file(folder / "model.safetensors.index.json", index.dump(2) + "\n");
  remove_older(folder, written);
}

}  // namespace athanor::checkpoint

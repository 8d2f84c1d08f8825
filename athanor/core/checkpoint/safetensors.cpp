#include "athanor/core/checkpoint/safetensors.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/shard_index.h"

namespace athanor::checkpoint {
namespace fs = std::filesystem;

struct Checkpoint::State {
  fs::path path;
  std::vector<base::MappedFile> files;
  std::shared_ptr<const void> storage;         // of a file that is not safetensors
  std::deque<std::vector<std::byte>> aligned;  // copies of arrays that begin at an odd place of their file
  std::vector<NamedArray> arrays;
  std::unordered_map<std::string_view, size_t> by_name;
  Metadata metadata;
  uint64_t total_bytes = 0;

  void add_file(const fs::path& file);
  void index_names();
  void open_shards(const fs::path& index);
};

namespace {

constexpr const char* kSafetensorsWhere = "checkpoint.safetensors";

bool is_pickle(const fs::path& file) {
  std::string extension = file.extension().string();
  return extension == ".bin" || extension == ".pt" || extension == ".pth" || extension == ".ckpt";
}

[[noreturn]] void refuse_pickle(const fs::path& file) {
  base::input_error("checkpoint.pickle", {base::cat(file.string(), ": pickled weights are programs and are never read"),
                                          file.filename().string(), "safetensors",
                                          "in its folder: python3 -c \"from transformers import AutoModelForCausalLM as M; "
                                          "M.from_pretrained('.').save_pretrained('.')\""});
}

/// What a folder's weights are: model.safetensors or the index of its shards.
fs::path weights_in(const fs::path& folder) {
  std::error_code ignored;
  for (const char* name : {"model.safetensors", "model.safetensors.index.json"})
    if (fs::exists(folder / name, ignored)) return folder / name;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (is_pickle(entry.path()) && entry.path().filename().string().starts_with("pytorch_model")) refuse_pickle(entry.path());
  base::input_error(kSafetensorsWhere, {base::cat(folder.string(), ": no weights in this folder"),
                                        "neither model.safetensors nor model.safetensors.index.json", "one of the two"});
}

}  // namespace

void Checkpoint::State::add_file(const fs::path& file) {
  base::MappedFile mapped(file);
  SafetensorsHeader header = parse_safetensors_header(mapped.bytes(), mapped.bytes().size(), file.string());
  std::span<const std::byte> data = mapped.bytes().subspan(header.data_begin);
  arrays.reserve(arrays.size() + header.items.size());
  for (auto& item : header.items) {
    std::span<const std::byte> bytes = data.subspan(item.begin, item.end - item.begin);
    if (reinterpret_cast<uintptr_t>(bytes.data()) % base::dtype_size(item.dtype) != 0) {
      bytes = aligned.emplace_back(bytes.begin(), bytes.end());
    }
    total_bytes += bytes.size();
    arrays.push_back({std::move(item.name), {item.dtype, std::move(item.shape), bytes}});
  }
  if (files.empty()) metadata = std::move(header.metadata);
  files.push_back(std::move(mapped));
}

void Checkpoint::State::index_names() {
  by_name.reserve(arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i)
    if (!by_name.emplace(arrays[i].name, i).second)
      base::file_error(kSafetensorsWhere, {base::cat(path.string(), ": two arrays of one name"), arrays[i].name, "each name once"});
}

void Checkpoint::State::open_shards(const fs::path& index) {
  ShardIndex shards = read_shard_index(index);
  std::vector<std::pair<size_t, size_t>> range;  // of the arrays that each shard holds
  for (const std::string& file : shards.files) {
    size_t before = arrays.size();
    add_file(index.parent_path() / file);
    range.emplace_back(before, arrays.size());
  }
  index_names();
  for (const auto& [name, shard] : shards.weights) {
    auto found = by_name.find(name);
    if (found == by_name.end() || found->second < range[shard].first || found->second >= range[shard].second)
      base::file_error("checkpoint.index", {base::cat(index.string(), ": array is not in the shard that weight_map names"),
                                            base::cat("\"", name, "\" in ", shards.files[shard]), "every array in its shard"});
  }
}

Checkpoint Checkpoint::open(const fs::path& path) {
  auto state = std::make_shared<State>();
  state->path = path;
  std::error_code reason;
  if (!fs::exists(path, reason))
    base::input_error(kSafetensorsWhere, {base::cat(path.string(), ": no such file or folder"), reason ? reason.message() : ""});
  fs::path file = fs::is_directory(path, reason) ? weights_in(path) : path;
  if (is_pickle(file)) refuse_pickle(file);
  if (file.extension() == ".json") {
    state->open_shards(file);
  } else {
    state->add_file(file);
    state->index_names();
  }
  Checkpoint checkpoint;
  checkpoint.state_ = std::move(state);
  return checkpoint;
}

Checkpoint Checkpoint::of(fs::path path, std::vector<NamedArray> arrays, std::shared_ptr<const void> storage) {
  auto state = std::make_shared<State>();
  state->path = std::move(path);
  state->storage = std::move(storage);
  state->arrays = std::move(arrays);
  for (const NamedArray& array : state->arrays) state->total_bytes += array.array.bytes.size();
  state->index_names();
  Checkpoint checkpoint;
  checkpoint.state_ = std::move(state);
  return checkpoint;
}

const std::vector<NamedArray>& Checkpoint::arrays() const { return state_->arrays; }
const Metadata& Checkpoint::metadata() const { return state_->metadata; }
void Checkpoint::drop(const ArrayView& array) const {
  for (const base::MappedFile& file : state_->files) file.drop(array.bytes);
}

uint64_t Checkpoint::total_bytes() const { return state_->total_bytes; }

const ArrayView* Checkpoint::find(std::string_view name) const {
  auto found = state_->by_name.find(name);
  return found == state_->by_name.end() ? nullptr : &state_->arrays[found->second].array;
}

const ArrayView& Checkpoint::at(std::string_view name) const {
  if (const ArrayView* array = find(name)) return *array;
  std::vector<std::string> names;
  for (const NamedArray& array : state_->arrays)
    if (array.name.size() < 2 * name.size()) names.push_back(array.name);
  std::string near = base::nearest_name(name, names);
  base::file_error(kSafetensorsWhere,
                   {base::cat(state_->path.string(), ": no such array"), std::string(name),
                    near.empty() ? base::cat("one of its ", state_->arrays.size(), " arrays") : base::cat("perhaps ", near)});
}

}  // namespace athanor::checkpoint

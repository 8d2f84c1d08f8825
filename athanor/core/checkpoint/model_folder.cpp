#include "athanor/core/checkpoint/model_folder.h"

#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::checkpoint {
namespace fs = std::filesystem;

namespace {

constexpr const char* kModelFolderWhere = "checkpoint.folder";

std::shared_ptr<base::Json> read_object(const fs::path& path) {
  auto json = std::make_shared<base::Json>(base::read_json_file(path, kModelFolderWhere));
  if (!json->is_object())
    base::file_error(kModelFolderWhere, {base::cat(path.string(), ": malformed"), json->type_name(), "an object"});
  return json;
}

/// Weights in any format belong to the old model; hidden folders, training checkpoints and what a run of ours leaves beside its
/// model are not part of it.
bool carried(const fs::path& entry, bool folder, bool of_a_run) {
  std::string name = entry.filename().string(), extension = entry.extension().string();
  for (const char* left : {"data", "tensorboard", "best", "train.log", "recipe.yaml"})
    if (of_a_run && name == left) return false;
  if (folder) return !name.starts_with(".") && !name.starts_with("checkpoint-");
  if (name == "config.json" || name == "generation_config.json" || name.ends_with(".index.json")) return false;
  for (const char* weights : {".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".gguf", ".onnx", ".npz"})
    if (extension == weights) return false;
  return true;
}

/// Copies the carried files. Links to files are followed (a download cache is made of them), links to folders are not.
void carry(const fs::path& from, const fs::path& to) {
  const bool of_a_run = fs::exists(from / "train.log");
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.is_directory() && !entry.is_symlink() && carried(entry.path(), true, of_a_run)) {
      fs::create_directory(to / entry.path().filename());
      carry(entry.path(), to / entry.path().filename());
    } else if (entry.is_regular_file() && carried(entry.path(), false, of_a_run)) {
      fs::copy_file(entry.path(), to / entry.path().filename());
    }
  }
}

/// The floating type that most bytes have, in the words of config.json; "" where there is none.
std::string main_dtype(const std::vector<NamedArray>& arrays) {
  static const std::map<base::DType, const char*> kWords = {
      {base::DType::kF64, "float64"},   {base::DType::kF32, "float32"},          {base::DType::kF16, "float16"},
      {base::DType::kBF16, "bfloat16"}, {base::DType::kF8E4M3, "float8_e4m3fn"}, {base::DType::kF8E5M2, "float8_e5m2"}};
  std::map<base::DType, size_t> bytes;
  for (const NamedArray& array : arrays)
    if (kWords.contains(array.array.dtype)) bytes[array.array.dtype] += array.array.bytes.size();
  std::string word;
  size_t most = 0;
  for (const auto& [dtype, size] : bytes) {
    if (size < most) continue;
    most = size;
    word = kWords.at(dtype);
  }
  return word;
}

base::Json with_dtype(base::Json config, const std::vector<NamedArray>& arrays) {
  std::string dtype = main_dtype(arrays);
  if (dtype.empty()) return config;
  // transformers 4 wrote torch_dtype, 5 writes dtype and reads both.
  bool old_word = config.contains("torch_dtype");
  if (old_word) config["torch_dtype"] = dtype;
  if (!old_word || config.contains("dtype")) config["dtype"] = dtype;
  return config;
}

/// The GGUF file of a folder, the first by name; empty where there is none.
fs::path gguf_inside(const fs::path& folder) {
  fs::path first;
  std::error_code reason;
  for (const auto& entry : fs::directory_iterator(folder, reason))
    if (entry.path().extension() == ".gguf" && (first.empty() || entry.path() < first)) first = entry.path();
  return first;
}

}  // namespace

ModelFolder ModelFolder::open(const fs::path& path) {
  std::error_code reason;
  if (!fs::exists(path, reason))
    base::input_error(kModelFolderWhere, {base::cat(path.string(), ": no such folder"), reason ? reason.message() : ""});
  if (!fs::is_directory(path, reason))
    base::input_error(kModelFolderWhere,
                      {base::cat(path.string(), ": not a folder"), "a file", "a folder with config.json and model.safetensors"});
  if (!fs::exists(path / "config.json", reason)) {
    const fs::path gguf = gguf_inside(path);
    base::input_error(kModelFolderWhere,
                      {base::cat(path.string(), ": no model folder"), "no config.json", "config.json and model.safetensors",
                       gguf.empty() ? "" : "name the file: " + gguf.string()});
  }
  ModelFolder folder;
  folder.path = path;
  folder.config = read_object(path / "config.json");
  if (fs::exists(path / "generation_config.json", reason)) folder.generation_config = read_object(path / "generation_config.json");
  folder.weights = Checkpoint::open(path);
  return folder;
}

void write_model_folder(const fs::path& target, const base::Json& config, const base::Json* generation_config,
                        const std::vector<NamedArray>& arrays, const WriteModelOptions& options) {
  base::AtomicFolder folder(target, options.replace);
  try {
    if (!options.carry_from.empty()) carry(options.carry_from, folder.path());
  } catch (const fs::filesystem_error& error) {
    base::file_error(kModelFolderWhere, {base::cat(options.carry_from.string(), ": cannot carry its files to ", target.string()),
                                         error.code().message()});
  }
  base::write_file(folder.path() / "config.json", with_dtype(config, arrays).dump(2) + "\n");
  if (generation_config) base::write_file(folder.path() / "generation_config.json", generation_config->dump(2) + "\n");
  write_sharded(folder.path(), arrays, options.shard_bytes);
  folder.commit();
}

}  // namespace athanor::checkpoint

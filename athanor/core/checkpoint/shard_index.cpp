#include "athanor/core/checkpoint/shard_index.h"

#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::checkpoint {
namespace {

constexpr const char* kShardIndexWhere = "checkpoint.index";
constexpr size_t kMostShards = 10'000;
constexpr size_t kLargestIndex = size_t{256} << 20;

/// A plain name of a file in the index's own folder: what a stranger's index says must not reach any other file.
bool stays_in_folder(std::string_view name) {
  return name.ends_with(".safetensors") && name.size() <= 255 &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos && name.find("..") == std::string_view::npos;
}

}  // namespace

ShardIndex parse_shard_index(std::string_view text, std::string_view source) {
  base::Json json = base::parse_json(text, kShardIndexWhere, source, {.depth = 16, .bytes = kLargestIndex});
  auto refuse = [&](const char* what, std::string got, const char* expected) {
    base::file_error(kShardIndexWhere, {base::cat(source, ": ", what), std::move(got), expected});
  };
  if (!json.is_object()) refuse("malformed", json.type_name(), "an object with weight_map");
  auto map = json.find("weight_map");
  if (map == json.end()) refuse("weight_map is missing", "", "{array: shard file, ...}");
  if (!map->is_object()) refuse("weight_map is malformed", map->type_name(), "{array: shard file, ...}");
  if (map->empty()) refuse("weight_map is empty", "{}", "at least one array");

  ShardIndex index;
  std::map<std::string, size_t> number;
  for (const auto& [name, file] : map->items()) {
    if (!file.is_string())
      refuse("weight_map holds something else than file names", base::cat("\"", name, "\": ", file.type_name()), "a file name");
    const auto& shard = file.get_ref<const std::string&>();
    if (!stays_in_folder(shard))
      refuse("shard's name is refused", base::cat("\"", shard, "\""), "a plain *.safetensors file of the same folder");
    number.emplace(shard, 0);
  }
  if (number.size() > kMostShards) refuse("too many shards", base::cat(number.size()), "at most 10000");
  for (auto& [shard, position] : number) {
    position = index.files.size();
    index.files.push_back(shard);
  }
  index.weights.reserve(map->size());
  for (const auto& [name, file] : map->items()) index.weights.emplace_back(name, number[file.get_ref<const std::string&>()]);
  return index;
}

ShardIndex read_shard_index(const std::filesystem::path& path) {
  return parse_shard_index(base::read_text_file(path, kLargestIndex), path.string());
}

}  // namespace athanor::checkpoint

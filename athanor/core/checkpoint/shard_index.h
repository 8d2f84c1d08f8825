#pragma once
// model.safetensors.index.json: {"metadata": {"total_size": n}, "weight_map": {array: shard file}}. Internal to the room.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::checkpoint {

struct ShardIndex {
  std::vector<std::string> files;                       // plain file names of the same folder, sorted
  std::vector<std::pair<std::string, size_t>> weights;  // array -> index into `files`
};

/// Throws file_error where it is malformed or a shard's name could leave the folder.
ShardIndex parse_shard_index(std::string_view text, std::string_view source);
ShardIndex read_shard_index(const std::filesystem::path& path);

}  // namespace athanor::checkpoint

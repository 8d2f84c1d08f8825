#include "athanor/core/checkpoint/shard_index.h"
#include "tests/testing/fuzz.h"

using namespace athanor::checkpoint;

// No shard's name leaves the folder, and every array is in one of the shards.
ATH_FUZZ_TARGET(shard_index) {
  ShardIndex index = parse_shard_index(input, "fuzz");
  for (const std::string& file : index.files)
    ATH_FUZZ_CHECK(file.find('/') == std::string::npos && file != ".." && file.size() <= 255);
  for (const auto& [name, shard] : index.weights) ATH_FUZZ_CHECK(shard < index.files.size());
  ATH_FUZZ_CHECK(!index.weights.empty());
}

#pragma once
// Several sources in given proportions: data.mix {files, weight}.

#include <string>
#include <vector>

#include "athanor/core/base/node.h"
#include "athanor/core/data/token_shard.h"

namespace athanor::data {

/// One entry of data.mix.
struct MixSource {
  std::vector<std::string> files;
  double weight = 0;  // 0: by its size
};
/// input_error with every entry that is malformed, or where there is none.
std::vector<MixSource> read_mix(const base::Node& mix);

struct MixOptions {
  std::vector<double> weights;       // of each shard; all 0: by size, to the power of 1 / temperature
  double temperature = 1;            // 1: as they are; larger: more even
  std::string exhausted = "repeat";  // the smaller sources repeat | stop: the larger ones are cut | error where either is needed
};

/// What a source gives to one epoch.
struct MixShare {
  double part = 0;     // wished, of all tokens
  double passes = 0;   // over the source
  int64_t tokens = 0;  // that an epoch has of it
};

/// Writes one shard of whole documents of `sources`, whose tokens stand in the wished proportions as nearly as whole documents
/// allow: an epoch over it is the mixture. Of a source that is not needed whole, a random part is taken, the same for the same
/// `seed`.
std::vector<MixShare> mix_shards(const std::vector<TokenShard>& sources, const MixOptions& options, uint64_t seed,
                                 const std::filesystem::path& path);

/// One shard of all documents of `sources`, in their order: what is held out of each.
void join_shards(const std::vector<TokenShard>& sources, const std::filesystem::path& path);

}  // namespace athanor::data

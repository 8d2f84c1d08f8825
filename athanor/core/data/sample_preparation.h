#pragma once
// Files of rows -> both shards of a tuning run: what tuning on answers and on labels have in common. Private to the room.

#include <filesystem>
#include <functional>

#include "athanor/core/data/prepare_samples.h"
#include "athanor/core/data/render.h"
#include "athanor/core/data/sample_shard_maker.h"

namespace athanor::data {

struct SamplePreparation {
  const DataOptions& options;
  const SampleContext& context;
  SampleEncoder encode;
  int64_t codes;  // a shard's entries are below this
};

/// Writes both shards; train takes the first rows of a file and eval the last data.holdout of them. input_error where a part holds
/// no sample.
DataReport make_sample_shards(const SamplePreparation& preparation, const std::filesystem::path& train,
                              const std::filesystem::path& eval);

/// The form of a file's rows; null where it has none.
const SampleForm* form_of(SampleMaker& maker, const std::filesystem::path& file);

}  // namespace athanor::data

#pragma once
// A model folder among the goldens, loaded into the engine.

#include <memory>
#include <string>
#include <vector>

#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/run/engine/engine.h"
#include "tests/testing/golden.h"

namespace athanor::engine {

/// Names for GoldenModel: one per way of a decoder.
std::vector<const char*> golden_models();

struct GoldenModel {
  explicit GoldenModel(const std::string& name);
  std::shared_ptr<const Model> load(WeightKind kind = WeightKind::kAsStored, int64_t context = 64) const;

  testing::Golden golden;
  checkpoint::ModelFolder folder;
  models::DecoderModel decoder;
  std::vector<text::TokenId> ids;
};

}  // namespace athanor::engine

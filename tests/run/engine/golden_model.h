#pragma once
// A model folder among the goldens, loaded into the engine.

#include <memory>

#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/run/engine/engine.h"
#include "tests/testing/golden.h"

namespace athanor::engine {

struct GoldenModel {
  explicit GoldenModel(const std::string& name)
      : golden("run_engine/" + name),
        folder(checkpoint::ModelFolder::open(golden.path())),
        decoder(models::decoder_from_config(*folder.config)) {
    for (int64_t id : golden.integers("ids")) ids.push_back(static_cast<text::TokenId>(id));
  }

  std::shared_ptr<const Model> load(WeightKind kind = WeightKind::kAsStored, int64_t context = 64) const {
    return Model::load(decoder, folder.weights, {kind, context});
  }

  testing::Golden golden;
  checkpoint::ModelFolder folder;
  models::DecoderModel decoder;
  std::vector<text::TokenId> ids;
};

inline const char* const kGoldenModels[] = {"llama-gqa",         "llama-mha-tied",    "llama-mqa-bias",  "llama-head-dim",
                                            "llama-rope-llama3", "llama-rope-linear", "llama-rope-yarn", "llama-rope-dynamic",
                                            "gpt2-base",         "gpt2-odd",          "qwen2-base",      "qwen2-tied"};

}  // namespace athanor::engine

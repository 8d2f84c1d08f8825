#include "tests/run/engine/golden_model.h"

namespace athanor::engine {

std::vector<const char*> golden_models() {
  return {"llama-gqa",         "llama-mha-tied",  "llama-mqa-bias",     "llama-head-dim", "llama-rope-llama3",
          "llama-rope-linear", "llama-rope-yarn", "llama-rope-dynamic", "gpt2-base",      "gpt2-odd",
          "llama-deep",        "qwen2-base",      "qwen2-tied"};
}

GoldenModel::GoldenModel(const std::string& name)
    : golden("run_engine/" + name),
      folder(checkpoint::ModelFolder::open(golden.path())),
      decoder(models::decoder_from_config(*folder.config)) {
  for (int64_t id : golden.integers("ids")) ids.push_back(static_cast<text::TokenId>(id));
}

std::shared_ptr<const Model> GoldenModel::load(WeightKind kind, int64_t context) const {
  return Model::load(decoder, folder.weights, {kind, context});
}

}  // namespace athanor::engine

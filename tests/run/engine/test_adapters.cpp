#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/models/adapter.h"
#include "tests/run/engine/golden_model.h"

namespace athanor::engine {
namespace {

// What core/models/adapter merges, executed: the logits of PEFT's own model, where the adapter runs beside the base.
TEST(Adapters, EqualPeft) {
  const std::pair<const char*, const char*> cases[] = {
      {"lora-llama", "llama-gqa"}, {"lora-rs-gpt2", "gpt2-base"}, {"lora-whole", "llama-mqa-bias"}};
  for (const auto& [name, base] : cases) {
    const testing::Golden golden(std::string("run_engine/") + name);
    const GoldenModel g(base);
    std::vector<text::TokenId> ids;
    for (int64_t id : golden.integers("ids")) ids.push_back(static_cast<text::TokenId>(id));
    const std::vector<float> plain = Session(g.load()).append_all(ids);
    const auto merged = models::merge_adapter(g.decoder, g.folder.weights, golden.path());
    const std::vector<float> logits = Session(Model::load(g.decoder, merged, {.context = 64})).append_all(ids);
    EXPECT_LE(testing::largest_difference(logits, golden.floats("logits")), golden.tolerance()) << name;
    EXPECT_GT(testing::largest_difference(plain, golden.floats("logits")), 0.1) << name;
    EXPECT_EQ(Session(g.load()).append_all(ids), plain) << "the base is untouched";
  }
}

TEST(Adapters, RoundOnceToTheStoredType) {
  const testing::Golden golden("run_engine/lora-llama");
  const GoldenModel g("llama-gqa");
  const auto merged = models::merge_adapter(g.decoder, g.folder.weights, golden.path());
  std::vector<text::TokenId> ids;
  for (int64_t id : golden.integers("ids")) ids.push_back(static_cast<text::TokenId>(id));
  for (const WeightKind kind : {WeightKind::kBF16, WeightKind::kI8}) {
    const std::vector<float> logits = Session(Model::load(g.decoder, merged, {.weights = kind, .context = 64})).append_all(ids);
    EXPECT_LE(testing::relative_difference(logits, golden.floats("logits")), 0.05);
  }
}

}  // namespace
}  // namespace athanor::engine

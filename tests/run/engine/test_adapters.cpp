#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
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

// Over the bases of learn/adapters, whose goldens have PEFT's logits of two sequences.
TEST(Adapters, EveryKindThatCanBeMergedEqualsPeft) {
  for (const char* name : {"lora", "lora-rs-patterns", "lora-head", "lora-all", "dora", "dora-gpt2", "ia3", "ia3-gpt2"}) {
    const testing::Golden golden(std::string("learn_adapters/") + name);
    const testing::Golden base("learn_adapters/" + golden.json().at("base").get<std::string>());
    const models::DecoderModel decoder = models::decoder_from_config(base.json().at("config"));
    const auto merged = models::merge_adapter(decoder, base.arrays(), golden.path());
    const auto model = Model::load(decoder, merged, {.context = 32});
    const std::vector<int64_t> all = golden.integers("ids");
    std::vector<float> logits;
    for (size_t row = 0; row < 2; ++row) {
      const std::vector<text::TokenId> ids(all.begin() + static_cast<ptrdiff_t>(row * all.size() / 2),
                                           all.begin() + static_cast<ptrdiff_t>((row + 1) * all.size() / 2));
      const std::vector<float> scores = Session(model).append_all(ids);
      logits.insert(logits.end(), scores.begin(), scores.end());
    }
    EXPECT_LE(testing::largest_difference(logits, golden.floats("logits")), 2e-4) << name << ": merged and added beside";
  }
}

TEST(Adapters, WeightsMixThem) {
  const testing::Golden golden("learn_adapters/lora"), base("learn_adapters/base-llama");
  const models::DecoderModel decoder = models::decoder_from_config(base.json().at("config"));
  const auto half =
      models::merge_adapter(decoder, models::merge_adapter(decoder, base.arrays(), golden.path(), 0.25), golden.path(), 0.75);
  const auto whole = models::merge_adapter(decoder, base.arrays(), golden.path());
  const char* name = "model.layers.0.self_attn.q_proj.weight";
  EXPECT_LE(testing::largest_difference(checkpoint::to_f32(half.at(name), name), checkpoint::to_f32(whole.at(name), name)), 1e-6);
  EXPECT_THROW(models::merge_adapter(decoder, base.arrays(), testing::Golden("learn_adapters/dora").path(), 0.5), base::Error);
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

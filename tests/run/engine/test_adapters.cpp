#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/models/adapter.h"
#include "athanor/run/engine/decoding.h"
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

struct VirtualGolden {
  explicit VirtualGolden(const std::string& name)
      : golden("learn_adapters/" + name),
        base("learn_adapters/" + golden.json().at("base").get<std::string>()),
        decoder(models::decoder_from_config(base.json().at("config"))),
        tokens(models::read_virtual_tokens(decoder, golden.path())) {
    const std::vector<int64_t> all = golden.integers("ids");
    for (size_t row = 0; row < 2; ++row)
      rows.emplace_back(all.begin() + static_cast<ptrdiff_t>(row * all.size() / 2),
                        all.begin() + static_cast<ptrdiff_t>((row + 1) * all.size() / 2));
  }
  std::shared_ptr<const Model> load(EngineOptions options = {.context = 48}) const {
    return Model::load(decoder, base.arrays(), options, tokens);
  }

  testing::Golden golden, base;
  models::DecoderModel decoder;
  models::VirtualTokens tokens;
  std::vector<std::vector<text::TokenId>> rows;
};

constexpr const char* kVirtualGoldens[] = {"prompt-tuning", "prompt-tuning-gpt2", "p-tuning-mlp",    "p-tuning-lstm",
                                           "prefix",        "prefix-gpt2",        "prefix-projected"};

TEST(VirtualTokens, EqualPeft) {
  for (const char* name : kVirtualGoldens) {
    const VirtualGolden g(name);
    Session session(g.load());
    std::vector<float> logits;
    for (const auto& row : g.rows) {
      session.truncate(0);
      const std::vector<float> scores = session.append_all(row);
      logits.insert(logits.end(), scores.begin(), scores.end());
      EXPECT_EQ(session.length(), static_cast<int64_t>(row.size())) << "virtual tokens are no part of it";
      EXPECT_EQ(session.room(), 48 - g.tokens.count - session.length());
    }
    EXPECT_LE(testing::largest_difference(logits, g.golden.floats("logits")), g.golden.tolerance("logits")) << name;
    Session plain(Model::load(g.decoder, g.base.arrays(), {.context = 48}));
    const std::vector<float> without = plain.append_all(g.rows[0]);
    logits.resize(without.size());
    EXPECT_GT(testing::largest_difference(logits, without), 0.01) << name;
  }
}

TEST(VirtualTokens, StayWhereASessionGoesBackOrBranches) {
  for (const char* name : kVirtualGoldens) {
    const VirtualGolden g(name);
    const auto model = g.load();
    const std::span<const text::TokenId> ids = g.rows[1];
    const std::vector<float> expected = Session(model).append_all(ids);
    const size_t vocab = static_cast<size_t>(model->spec().vocab), last = (ids.size() - 1) * vocab;
    Session session(model);
    session.append(g.rows[0].size() > 3 ? std::span(g.rows[0]).first(3) : std::span(g.rows[0]));
    EXPECT_EQ(session.truncate(0), 0);
    session.append(ids);
    EXPECT_EQ(session.truncate(4), 4);
    const std::span<const float> again = session.append(ids.subspan(4));
    for (size_t v = 0; v < vocab; ++v) ASSERT_NEAR(again[v], expected[last + v], 2e-5) << name;
    const auto branches = Decoding(model).branches();
    branches->begin(ids.first(2));
    EXPECT_EQ(branches->room(), 48 - g.tokens.count - 2);
    for (size_t t = 2; t < ids.size(); ++t) {
      const std::vector<int64_t> parents = t == 2 ? std::vector<int64_t>{0, 0} : std::vector<int64_t>{1, 1};
      const std::span<const float> scores = branches->step(parents, std::vector<text::TokenId>{5, ids[t]});
      for (size_t v = 0; v < vocab; ++v) ASSERT_NEAR(scores[vocab + v], expected[t * vocab + v], 2e-5) << name << " " << t;
    }
  }
}

TEST(VirtualTokens, TakeRoomOfTheContext) {
  const VirtualGolden g("prefix");
  ASSERT_EQ(g.tokens.count, 5);
  EXPECT_THROW(g.load({.context = 5}), base::Error);
  Session session(g.load({.context = 7}));
  EXPECT_EQ(session.room(), 2);
  EXPECT_THROW(session.append(std::vector<text::TokenId>{1, 2, 3}), base::Error);
  session.append(std::vector<text::TokenId>{1, 2});
  EXPECT_EQ(session.room(), 0);
}

// More virtual tokens than go through the layers at once, or than a window's ring holds.
TEST(VirtualTokens, ManyInAModelWithWindows) {
  const auto folder = checkpoint::ModelFolder::open(testing::Golden("families/gemma3").path());
  const models::DecoderModel decoder = models::decoder_from_config(*folder.config);
  const models::DecoderSpec& spec = decoder.spec;
  const std::vector<text::TokenId> ids = {3, 14, 15, 9, 2, 6};
  const auto logits = [&](models::VirtualTokens tokens, int64_t context) {
    return Session(Model::load(decoder, folder.weights, {.context = context}, std::move(tokens))).append_all(ids);
  };
  models::VirtualTokens rows = {700, std::vector<float>(static_cast<size_t>(700 * spec.hidden)), {}}, prefix = {700, {}, {}};
  prefix.key_values.resize(static_cast<size_t>(700 * 2 * spec.layers * spec.kv_width()));
  for (size_t i = 0; i < rows.embeddings.size(); ++i) rows.embeddings[i] = static_cast<float>(i * 37 % 101) / 50 - 1;
  for (size_t i = 0; i < prefix.key_values.size(); ++i) prefix.key_values[i] = static_cast<float>(i * 53 % 103) / 50 - 1;
  // A word's (scaled) embedding as a virtual token is that word.
  const std::vector<float> table =
      checkpoint::to_f32(*models::find_weight(decoder, folder.weights, models::Slot::kTokenEmbedding), "");
  models::VirtualTokens word = {2, {}, {}};
  for (size_t id : {7, 30})
    for (size_t c = 0; c < static_cast<size_t>(spec.hidden); ++c)
      word.embeddings.push_back(table[id * static_cast<size_t>(spec.hidden) + c] * static_cast<float>(spec.embedding_scale));
  std::vector<text::TokenId> longer = {7, 30};
  longer.insert(longer.end(), ids.begin(), ids.end());
  std::vector<float> written = Session(Model::load(decoder, folder.weights, {.context = 64})).append_all(longer);
  written.erase(written.begin(), written.begin() + 2 * spec.vocab);
  EXPECT_LE(testing::largest_difference(logits(word, 64), written), 1e-4);
  // In a context so small that no layer has a ring (710 positions would need one): windows are set to nearly all of it.
  models::DecoderModel wide = decoder;
  for (models::LayerSpec& layer : wide.spec.layer_specs)
    if (layer.window > 0) layer.window = 600;  // 600 - 1 + 128 and 32 are more than the context
  for (const models::VirtualTokens& tokens : {rows, prefix}) {
    const auto ring = Session(Model::load(wide, folder.weights, {.context = 2000}, tokens)).append_all(ids);
    const auto whole = Session(Model::load(wide, folder.weights, {.context = 706}, tokens)).append_all(ids);
    EXPECT_LE(testing::largest_difference(ring, whole), 1e-4);
    EXPECT_GT(testing::largest_difference(ring, logits({}, 64)), 0.01);
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

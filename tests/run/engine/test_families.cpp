// Every variant of every family against transformers: the same weights give the same numbers, whole, one by one, and over 32 greedy
// tokens with the cache.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/run/engine/engine.h"
#include "tests/testing/family_goldens.h"
#include "tests/testing/golden.h"

namespace athanor::engine {
namespace {

struct FamilyGolden {
  explicit FamilyGolden(const std::string& name)
      : golden("families/" + name),
        folder(checkpoint::ModelFolder::open(golden.path())),
        decoder(models::decoder_from_config(*folder.config)),
        logits(golden.floats("logits")) {
    const std::vector<int64_t> rows = golden.integers("ids");
    ids.assign(rows.begin(), rows.begin() + static_cast<int64_t>(rows.size() / 2));  // the first row of two
  }
  std::shared_ptr<const Model> load(WeightKind kind = WeightKind::kAsStored) const {
    return Model::load(decoder, folder.weights, {kind, 64});
  }

  testing::Golden golden;
  checkpoint::ModelFolder folder;
  models::DecoderModel decoder;
  std::vector<float> logits;
  std::vector<text::TokenId> ids;
};

class EngineFamilies : public ::testing::TestWithParam<const char*> {};

TEST_P(EngineFamilies, LogitsAreTransformers) {
  const FamilyGolden g(GetParam());
  const auto model = g.load();
  for (kernels::IsaLevel level : {kernels::IsaLevel::kScalar, kernels::best_isa_level()}) {
    kernels::ForceIsaLevel force(level);
    EXPECT_LE(testing::largest_difference(Session(model).append_all(g.ids), g.logits), g.golden.tolerance("engine"))
        << kernels::isa_name(level);
  }
  EXPECT_TRUE(models::unclaimed_weights(g.decoder, g.folder.weights).empty());
}

TEST_P(EngineFamilies, OneByOneIsTheSame) {
  const FamilyGolden g(GetParam());
  if (models::rope_depends_on_length(g.decoder.spec.rope)) GTEST_SKIP() << "angles depend on the length when they were made";
  Session session(g.load());
  std::vector<float> all;
  for (text::TokenId id : g.ids) {
    const std::span<float> last = session.append({&id, 1});
    all.insert(all.end(), last.begin(), last.end());
  }
  EXPECT_LE(testing::largest_difference(all, g.logits), g.golden.tolerance("engine"));
}

TEST_P(EngineFamilies, ThirtyTwoGreedyTokensAreTransformers) {
  const FamilyGolden g(GetParam());
  Session session(g.load());
  std::span<float> last = session.append(std::span(g.ids).first(20));
  std::vector<int64_t> greedy;
  while (true) {
    const auto next = static_cast<text::TokenId>(std::max_element(last.begin(), last.end()) - last.begin());
    greedy.push_back(next);
    if (greedy.size() == 32) break;
    last = session.append({&next, 1});
  }
  EXPECT_EQ(greedy, g.golden.integers("greedy"));
}

// Rows of fused weights are cut and put in order for narrow weights too; the models are far too small to stay near.
TEST_P(EngineFamilies, NarrowWeightsRun) {
  const FamilyGolden g(GetParam());
  for (WeightKind kind : {WeightKind::kBF16, WeightKind::kI8}) {
    const std::vector<float> logits = Session(g.load(kind)).append_all(g.ids);
    EXPECT_LE(testing::relative_difference(logits, g.logits), kind == WeightKind::kBF16 ? 0.1 : 0.4);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EngineFamilies, ::testing::ValuesIn(testing::family_goldens()),
                         [](const auto& info) { return testing::test_name(info.param); });

/// The model with not-a-number in every weight of one expert.
std::shared_ptr<const Model> poisoned(const FamilyGolden& g, int64_t layer, int64_t expert, std::vector<std::vector<float>>& keep,
                                      checkpoint::Checkpoint& weights, const std::filesystem::path& path) {
  std::vector<checkpoint::NamedArray> arrays = g.folder.weights.arrays();
  std::set<std::string> names;
  for (models::Slot slot : {models::Slot::kExpertGate, models::Slot::kExpertUp, models::Slot::kExpertDown})
    names.insert(models::weight_name(g.decoder, slot, layer, expert));
  for (checkpoint::NamedArray& array : arrays) {
    if (!names.contains(array.name)) continue;
    keep.emplace_back(static_cast<size_t>(array.array.count()), std::numeric_limits<float>::quiet_NaN());
    array.array.bytes = std::as_bytes(std::span(keep.back()));
  }
  checkpoint::write_safetensors(path, arrays);
  weights = checkpoint::Checkpoint::open(path);
  return Model::load(g.decoder, weights, {WeightKind::kAsStored, 64});
}

TEST(Experts, OnlyTheChosenAreComputed) {
  const FamilyGolden g("mixtral");
  const std::filesystem::path path = ::testing::TempDir() + "experts-only-the-chosen.safetensors";
  for (text::TokenId id : {1, 7, 30}) {
    int64_t touched = 0;
    for (int64_t expert = 0; expert < g.decoder.spec.experts.count; ++expert) {
      std::vector<std::vector<float>> keep;
      checkpoint::Checkpoint weights;
      Session session(poisoned(g, 0, expert, keep, weights, path));
      touched += std::isnan(session.append({&id, 1})[0]);
    }
    EXPECT_EQ(touched, g.decoder.spec.experts.chosen) << id;
  }
  std::filesystem::remove(path);
}

TEST(Experts, BytesPerTokenAreThoseOfTheChosen) {
  const FamilyGolden g("mixtral");
  const models::DecoderSpec& spec = g.decoder.spec;
  uint64_t all = 0;
  for (const auto& array : g.folder.weights.arrays()) all += array.array.bytes.size();
  const auto unread =
      static_cast<uint64_t>(spec.layers * (spec.experts.count - spec.experts.chosen) * 3 * spec.experts.ffn * spec.hidden +
                            spec.vocab * spec.hidden) *
      4;
  EXPECT_EQ(g.load()->bytes_per_token(), all - unread);
}

TEST(LatentCache, HoldsOneLowRankRowPerToken) {
  const FamilyGolden g("deepseek_v3");
  // 64 positions of a key of 12 + 4 numbers and a value of 12, padded to 16: nothing is multiplied by the number of heads
  EXPECT_EQ(g.load()->session_cache_bytes(), 2u * 64 * (16 + 16) * 4);
}

TEST(FusedRows, AreBorrowedWhereTheyLieInOrder) {
  EXPECT_EQ(FamilyGolden("phi3").load()->owned_bytes(), 0u);
  EXPECT_EQ(FamilyGolden("falcon").load()->owned_bytes(), 0u) << "one key head: queries, key, value lie in order";
  EXPECT_EQ(FamilyGolden("gpt_neox").load()->owned_bytes(), 2u * 72 * 24 * 4) << "q, k and v of two layers are put in order";
}

}  // namespace
}  // namespace athanor::engine

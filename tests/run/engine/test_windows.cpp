// Layers with a window keep a ring of positions: the same numbers far past it, in chunks, after going back and in branches.

#include <gtest/gtest.h>

#include <algorithm>

#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/run/engine/decoding.h"
#include "tests/testing/family_goldens.h"
#include "tests/testing/golden.h"

namespace athanor::engine {
namespace {

using Ids = std::vector<text::TokenId>;

constexpr int64_t kWhole = 700;

struct WindowGolden {
  explicit WindowGolden(const std::string& name)
      : golden("run_engine/windows"),
        folder(checkpoint::ModelFolder::open(testing::Golden("families/" + name).path())),
        decoder(models::decoder_from_config(*folder.config)),
        last(golden.floats("logits." + name)) {
    for (int64_t id : golden.integers("ids")) ids.push_back(static_cast<text::TokenId>(id));
  }
  std::shared_ptr<const Model> load(WeightKind kind = WeightKind::kAsStored) const {
    return Model::load(decoder, folder.weights, {kind, kWhole + 100});
  }
  size_t vocab() const { return static_cast<size_t>(decoder.spec.vocab); }

  testing::Golden golden;
  checkpoint::ModelFolder folder;
  models::DecoderModel decoder;
  std::vector<float> last;
  Ids ids;
};

class Windows : public ::testing::TestWithParam<const char*> {};

TEST_P(Windows, FarPastTheRingLogitsAreTransformers) {
  const WindowGolden g(GetParam());
  const auto model = g.load();
  const size_t rows = g.last.size() / g.vocab();
  for (kernels::IsaLevel level : {kernels::IsaLevel::kScalar, kernels::best_isa_level()}) {
    kernels::ForceIsaLevel force(level);
    for (size_t piece : {kWhole - rows, size_t{300}, size_t{37}, size_t{1}}) {
      Session session(model);
      for (size_t at = 0; at < g.ids.size() - rows; at += piece)
        session.append(std::span(g.ids).subspan(at, std::min(piece, g.ids.size() - rows - at)));
      std::vector<float> logits;
      for (size_t row = 0; row < rows; row += piece == 1 ? 1 : rows) {  // the last rows one by one, or at once
        const auto some = session.append_all(std::span(g.ids).subspan(g.ids.size() - rows + row, piece == 1 ? 1 : rows));
        logits.insert(logits.end(), some.begin(), some.end());
      }
      EXPECT_LE(testing::largest_difference(logits, g.last), g.golden.tolerance())
          << kernels::isa_name(level) << " in pieces of " << piece;
    }
  }
}

TEST_P(Windows, GoingBackIsRightOrBeginsAnew) {
  const WindowGolden g(GetParam());
  const auto model = g.load();
  const auto scores_after = [&](Session& session, int64_t from) {
    const std::span<float> scores =
        session.append(std::span(g.ids).subspan(static_cast<size_t>(from), 600 - static_cast<size_t>(from)));
    return std::vector<float>(scores.begin(), scores.end());
  };
  Session session(model);
  const std::vector<float> expected = scores_after(session, 0);
  for (int64_t back : {1, 31, 77, 128, 300, 599, 600}) {
    session.append(std::span(g.ids).subspan(600, 100 - 10));
    session.truncate(600);  // what was written since has come around over the oldest
    const int64_t kept = session.truncate(600 - back);
    EXPECT_TRUE(kept == 600 - back || kept == 0) << back;
    EXPECT_EQ(session.length(), kept);
    EXPECT_LE(testing::largest_difference(scores_after(session, kept), expected), 1e-4) << back << ", kept " << kept;
  }
  session.truncate(0);
  session.append(std::span(g.ids).first(600));
  EXPECT_EQ(session.truncate(600 - 128), 600 - 128) << "there is always so much to go back";
  EXPECT_EQ(session.truncate(8), 0);
}

TEST_P(Windows, BranchesFarPastTheRing) {
  const WindowGolden g(GetParam());
  const auto model = g.load();
  const auto branches = Decoding(model).branches();
  std::vector<Ids> sequences = {Ids(g.ids.begin(), g.ids.begin() + 150)};
  branches->begin(sequences[0]);
  // Three sequences: two that go on by themselves for long, so that a slot is far behind or ahead when it is taken over.
  for (int round = 0; round < 320; ++round) {
    std::vector<int64_t> parents = round == 0 ? std::vector<int64_t>{0, 0, 0} : std::vector<int64_t>{0, 1, 2};
    if (round == 150) parents = {2, 2};
    if (round == 290) parents = {1, 0, 1, 1};
    if (round > 150 && round < 290) parents = {0, 1};
    if (round > 290) parents = {3, 2, 1, 0};
    std::vector<Ids> next;
    Ids ids;
    for (size_t i = 0; i < parents.size(); ++i) {
      ids.push_back(g.ids[(static_cast<size_t>(round) * 7 + i * 13) % g.ids.size()]);
      next.push_back(sequences[static_cast<size_t>(parents[i])]);
      next.back().push_back(ids.back());
    }
    sequences = std::move(next);
    const std::span<const float> scores = branches->step(parents, ids);
    if (round % 40 != 0 && round != 150 && round != 290 && round != 319) continue;
    for (size_t i = 0; i < sequences.size(); ++i) {
      Session alone(model);
      const std::span<const float> expected = alone.append(sequences[i]);
      for (size_t v = 0; v < g.vocab(); ++v) ASSERT_NEAR(scores[i * g.vocab() + v], expected[v], 1e-4) << round << " " << i;
    }
  }
}

TEST_P(Windows, NarrowCachesRun) {
  const WindowGolden g(GetParam());
  const auto model = g.load(WeightKind::kBF16);
  Session whole(model), one_by_one(model);
  const std::span<float> expected = whole.append(g.ids);
  std::span<float> scores;
  for (text::TokenId id : g.ids) scores = one_by_one.append({&id, 1});
  EXPECT_LE(testing::relative_difference({scores.begin(), scores.end()}, {expected.begin(), expected.end()}), 0.1);
}

INSTANTIATE_TEST_SUITE_P(Families, Windows,
                         ::testing::Values("mistral-window", "qwen2-window", "starcoder2", "phi3", "gemma2", "gemma3",
                                           "gemma3-scaled"),
                         [](const auto& info) { return testing::test_name(info.param); });

// Gemma 3's three layers: two see 8 positions and keep 8 - 1 + 128, rounded up to 160, and the 32 of the newest block; one keeps
// the context. A position is two key heads of 8 numbers and values padded to 16.
TEST(WindowMemory, IsTheWindowsNotTheContexts) {
  const WindowGolden g("gemma3");
  const uint64_t position = 2 * (8 + 16) * 4;
  for (const int64_t context : {64, 192, 800, 100'000}) {
    const uint64_t ring = std::min<uint64_t>(192, static_cast<uint64_t>(context));
    const uint64_t expected = (2 * ring + static_cast<uint64_t>(context)) * position;
    EXPECT_EQ(Model::load(g.decoder, g.folder.weights, {.context = context})->session_cache_bytes(), expected) << context;
    EXPECT_EQ(cache_bytes(g.decoder.spec, {.context = context}, base::DType::kF32), expected) << context;
  }
}

}  // namespace
}  // namespace athanor::engine

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/isa.h"
#include "tests/run/engine/golden_model.h"
#include "tests/testing/temp_folder.h"

namespace athanor::engine {
namespace {

class Families : public ::testing::TestWithParam<const char*> {};

TEST_P(Families, EqualTransformers) {
  const GoldenModel g(GetParam());
  for (kernels::IsaLevel level : {kernels::IsaLevel::kScalar, kernels::best_isa_level()}) {
    kernels::ForceIsaLevel force(level);
    Session session(g.load());
    std::vector<std::vector<float>> hidden;
    const std::vector<float> logits = session.append_all(g.ids, &hidden);
    EXPECT_LE(testing::largest_difference(logits, g.golden.floats("logits")), g.golden.tolerance()) << isa_name(level);
    ASSERT_EQ(hidden.size(), static_cast<size_t>(g.decoder.spec.layers) + 1);
    for (size_t i = 0; i < hidden.size(); ++i)
      EXPECT_LE(testing::largest_difference(hidden[i], g.golden.floats("hidden." + std::to_string(i))), g.golden.tolerance()) << i;
  }
}

// With a cache, one token at a time or in pieces, the scores are those of the whole sequence at once. ("dynamic" frequencies depend
// on the length, so there the past is turned differently, in transformers too.)
TEST_P(Families, CachedEqualsUncached) {
  if (std::string(GetParam()) == "llama-rope-dynamic") return;
  const GoldenModel g(GetParam());
  const auto model = g.load();
  const auto vocab = static_cast<size_t>(model->spec().vocab);
  const std::vector<float> whole = Session(model).append_all(g.ids);
  for (size_t piece : {size_t{1}, size_t{5}, size_t{20}}) {
    Session session(model);
    for (size_t begin = 0; begin < g.ids.size(); begin += piece) {
      const size_t count = std::min(piece, g.ids.size() - begin);
      const std::span<float> last = session.append(std::span(g.ids).subspan(begin, count));
      const float* expected = whole.data() + (begin + count - 1) * vocab;
      for (size_t v = 0; v < vocab; ++v) ASSERT_NEAR(last[v], expected[v], 2e-5) << "piece " << piece << " at " << begin;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Families, ::testing::ValuesIn(golden_models()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Session, DynamicFrequenciesAreThoseOfTheLength) {
  // Up to the original length nothing is scaled; a prompt beyond it is turned as transformers turns the whole prompt.
  const GoldenModel g("llama-rope-dynamic");
  Session session(g.load());
  const std::span<float> last = session.append(g.ids);
  const std::vector<float> logits = g.golden.floats("logits");
  for (size_t v = 0; v < last.size(); ++v) EXPECT_NEAR(last[v], logits[logits.size() - last.size() + v], 1e-4);
}

TEST(Session, InterleavedPairsAreTheSameModelWithPermutedRows) {
  const GoldenModel g("llama-gqa");
  const int64_t dim = g.decoder.spec.head_dim, hidden = g.decoder.spec.hidden;
  std::vector<std::vector<float>> permuted;
  std::vector<checkpoint::NamedArray> arrays = g.folder.weights.arrays();
  permuted.reserve(arrays.size());
  for (checkpoint::NamedArray& a : arrays) {
    if (a.name.find("q_proj") == std::string::npos && a.name.find("k_proj") == std::string::npos) continue;
    std::vector<float>& to = permuted.emplace_back(static_cast<size_t>(a.array.count()));
    for (int64_t row = 0; row < a.array.shape[0]; ++row) {
      const int64_t head = row / dim, d = row % dim;  // d and d + dim/2 turn together; interleaved: 2d and 2d + 1
      const int64_t target = head * dim + (d < dim / 2 ? 2 * d : 2 * (d - dim / 2) + 1);
      std::copy_n(a.array.as<float>() + row * hidden, hidden, to.data() + target * hidden);
    }
    a.array.bytes = std::as_bytes(std::span(to));
  }
  const testing::TempFolder folder;
  checkpoint::write_safetensors(folder / "model.safetensors", arrays);
  models::DecoderModel decoder = g.decoder;
  decoder.spec.rope.interleaved = true;
  const auto weights = checkpoint::Checkpoint::open(folder.path());
  const std::vector<float> logits = Session(Model::load(decoder, weights, {})).append_all(g.ids);
  EXPECT_LE(testing::largest_difference(logits, g.golden.floats("logits")), 1e-4);
}

TEST(Session, ThreadsChangeNothing) {
  const GoldenModel g("qwen2-base");
  const auto model = g.load();
  const int before = base::thread_count();
  base::set_thread_count(1);
  const std::vector<float> expected = Session(model).append_all(g.ids);
  for (int threads : {2, 3, 8}) {
    base::set_thread_count(threads);
    EXPECT_EQ(Session(model).append_all(g.ids), expected) << threads;
  }
  base::set_thread_count(before);
}

TEST(Session, TruncateForgets) {
  const GoldenModel g("llama-gqa");
  const auto model = g.load(WeightKind::kBF16);
  const std::vector<float> expected = Session(model).append_all(g.ids);
  Session session(model);
  session.append(g.ids);
  for (int64_t keep : {int64_t{33}, int64_t{7}, int64_t{0}}) {
    session.truncate(keep);
    EXPECT_EQ(session.length(), keep);
    const std::vector<float> again = session.append_all(std::span(g.ids).subspan(static_cast<size_t>(keep)));
    EXPECT_LE(testing::largest_difference(again, {expected.begin() + keep * model->spec().vocab, expected.end()}), 0.05) << keep;
    session.truncate(keep);
  }
  EXPECT_THROW(session.truncate(1), base::Error);
  EXPECT_THROW(session.truncate(-1), base::Error);
}

TEST(Session, LongPromptsGoThroughInChunks) {
  const GoldenModel g("llama-gqa");
  const auto model = g.load(WeightKind::kAsStored, 1100);
  std::vector<text::TokenId> ids;
  for (int i = 0; i < 1100; ++i) ids.push_back(i * 31 % 97);
  const auto vocab = static_cast<size_t>(model->spec().vocab);
  Session session(model), one_by_one(model);
  const std::vector<float> whole = session.append_all(ids);
  for (size_t t = 0; t < ids.size(); ++t) {
    const std::span<float> last = one_by_one.append({&ids[t], 1});
    for (size_t v = 0; v < vocab; ++v) ASSERT_NEAR(last[v], whole[t * vocab + v], 5e-5) << t;
  }
  EXPECT_EQ(session.room(), 0);
}

std::string message_of(const std::function<void()>& wrong) {
  try {
    wrong();
  } catch (const base::Error& e) {
    EXPECT_EQ(e.kind(), base::ErrorKind::kInput);
    return e.what();
  }
  return "no error";
}

TEST(Session, MistakesAreNamed) {
  const GoldenModel g("gpt2-base");
  Session session(g.load(WeightKind::kAsStored, 50));
  session.append(g.ids);
  EXPECT_EQ(session.room(), 2);
  const std::vector<text::TokenId> three = {1, 2, 3}, outside = {97}, negative = {-1};
  EXPECT_EQ(message_of([&] { session.append(three); }),
            "[engine.session] the context is full; got 3 tokens more after 48; expected at most 50 in all; try a larger context or "
            "a shorter prompt");
  EXPECT_EQ(message_of([&] { session.append(outside); }),
            "[engine.session] a token id outside the vocabulary; got 97; expected 0 to 96; try the tokenizer of this model");
  EXPECT_NE(message_of([&] { session.append(negative); }).find("got -1"), std::string::npos);
  EXPECT_NE(message_of([&] { session.append({}); }).find("no token given"), std::string::npos);
  EXPECT_EQ(session.length(), 48) << "a refused call changes nothing";
  EXPECT_NE(message_of([&] { g.load(WeightKind::kAsStored, 65); }).find("got 65; expected 1 to 64"), std::string::npos)
      << "learned positions end";
  EXPECT_NE(message_of([&] { g.load(WeightKind::kAsStored, -1); }).find("got -1"), std::string::npos);
  const GoldenModel llama("llama-gqa");
  EXPECT_NE(message_of([&] { Session(llama.load(WeightKind::kAsStored, 1 << 30)); }).find("KV cache of 1073741824 tokens"),
            std::string::npos);
}

}  // namespace
}  // namespace athanor::engine

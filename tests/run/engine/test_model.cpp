#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "athanor/core/base/error.h"
#include "athanor/core/base/half.h"
#include "athanor/core/kernels/isa.h"
#include "tests/run/engine/golden_model.h"
#include "tests/testing/temp_folder.h"

namespace athanor::engine {
namespace {

std::vector<double> softmax(const float* scores, size_t n) {
  std::vector<double> p(scores, scores + n);
  const double most = *std::max_element(p.begin(), p.end());
  double total = 0;
  for (double& x : p) total += x = std::exp(x - most);
  for (double& x : p) x /= total;
  return p;
}

struct Agreement {
  double kl = 0;    // mean over positions of KL(reference || ours), nats
  double top1 = 0;  // share of positions whose best token is the same
};

Agreement agreement(const std::vector<float>& reference, const std::vector<float>& ours, size_t vocab) {
  Agreement sum;
  const size_t positions = reference.size() / vocab;
  for (size_t t = 0; t < positions; ++t) {
    const auto p = softmax(reference.data() + t * vocab, vocab), q = softmax(ours.data() + t * vocab, vocab);
    for (size_t v = 0; v < vocab; ++v) sum.kl += p[v] * std::log(p[v] / q[v]) / static_cast<double>(positions);
    sum.top1 += (std::max_element(p.begin(), p.end()) - p.begin() == std::max_element(q.begin(), q.end()) - q.begin()) /
                static_cast<double>(positions);
  }
  return sum;
}

class Kinds : public ::testing::TestWithParam<const char*> {};

// bfloat16 keeps 8 bits of a number, int8 blocks about 7 of the largest: logits of size s move by some 2^-8 s sqrt(layers), and KL
// is about half their squared change. The bounds leave a factor of about three over the worst that was measured (3e-6 and 3.3e-5).
TEST_P(Kinds, NarrowWeightsStayNear) {
  const GoldenModel g(GetParam());
  const std::vector<float> reference = g.golden.floats("logits");
  const auto vocab = static_cast<size_t>(g.decoder.spec.vocab);
  for (kernels::IsaLevel level : {kernels::IsaLevel::kScalar, kernels::best_isa_level()}) {
    kernels::ForceIsaLevel force(level);
    const Agreement bf16 = agreement(reference, Session(g.load(WeightKind::kBF16)).append_all(g.ids), vocab);
    const Agreement i8 = agreement(reference, Session(g.load(WeightKind::kI8)).append_all(g.ids), vocab);
    RecordProperty("kl_bf16", std::to_string(bf16.kl));
    RecordProperty("kl_i8", std::to_string(i8.kl));
    EXPECT_LE(bf16.kl, 1e-5);
    EXPECT_GE(bf16.top1, 0.95);
    EXPECT_LE(i8.kl, 1e-4);
    EXPECT_GE(i8.top1, 0.9);
    EXPECT_LE(agreement(reference, Session(g.load(WeightKind::kF32)).append_all(g.ids), vocab).kl, 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Kinds, ::testing::ValuesIn(golden_models()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Model, BorrowsWhatIsRightAsItLies) {
  const GoldenModel llama("llama-gqa"), gpt2("gpt2-base");
  EXPECT_EQ(llama.load()->owned_bytes(), 0u);
  EXPECT_EQ(llama.load(WeightKind::kF32)->owned_bytes(), 0u) << "float32 already";
  // GPT-2's four matrices of a layer are stored transposed
  EXPECT_EQ(gpt2.load()->owned_bytes(), 2u * (32 * 96 + 32 * 32 + 2 * 32 * 128) * 4);
}

TEST(Model, BytesPerTokenIsEveryWeightOnce) {
  const GoldenModel tied("llama-mha-tied"), untied("llama-gqa");
  uint64_t all = 0;
  for (const auto& a : tied.folder.weights.arrays()) all += a.array.bytes.size();
  EXPECT_EQ(tied.load()->bytes_per_token(), all) << "the embedding is the head";
  all = 0;
  for (const auto& a : untied.folder.weights.arrays()) all += a.array.bytes.size();
  EXPECT_EQ(untied.load()->bytes_per_token(), all - 97 * 32 * 4) << "of the embedding only one row is read";
}

TEST(Model, CacheBytesAreKnownBefore) {
  const GoldenModel g("llama-gqa");
  for (const auto& [kind, type] : {std::pair{WeightKind::kAsStored, base::DType::kF32},
                                   {WeightKind::kBF16, base::DType::kF32},
                                   {WeightKind::kI8, base::DType::kF32},
                                   {WeightKind::kF32, base::DType::kBF16}})
    EXPECT_EQ(cache_bytes(g.decoder.spec, {kind, 50}, type), g.load(kind, 50)->session_cache_bytes());
  // 2 layers, 2 key heads of 8, 64 positions; values are padded to 16
  EXPECT_EQ(g.load(WeightKind::kAsStored, 50)->session_cache_bytes(), 2u * 2 * 64 * (8 + 16) * 4);
}

TEST(Model, ContextOfTheModelAtMost4096) {
  models::DecoderSpec spec;
  spec.max_positions = 128;
  EXPECT_EQ(context_of(spec, {}), 128);
  spec.max_positions = 131072;
  EXPECT_EQ(context_of(spec, {}), 4096);
  EXPECT_EQ(context_of(spec, {WeightKind::kAsStored, 200000}), 200000);
}

TEST(Model, StoredBf16AndF16AreExecutedAsTheyAre) {
  const GoldenModel g("qwen2-base");
  for (base::DType dtype : {base::DType::kBF16, base::DType::kF16}) {
    std::vector<std::vector<uint16_t>> halves;
    std::vector<checkpoint::NamedArray> arrays = g.folder.weights.arrays();
    for (checkpoint::NamedArray& a : arrays) {
      std::vector<uint16_t>& to = halves.emplace_back();
      for (float w : checkpoint::to_f32(a.array, a.name))
        to.push_back(dtype == base::DType::kBF16 ? base::f32_to_bf16(w) : base::f32_to_f16(w));
      a.array.dtype = dtype;
    }
    for (size_t i = 0; i < arrays.size(); ++i) arrays[i].array.bytes = std::as_bytes(std::span(halves[i]));
    const testing::TempFolder folder;
    checkpoint::write_safetensors(folder / "model.safetensors", arrays);
    const auto weights = checkpoint::Checkpoint::open(folder.path());
    const auto model = Model::load(g.decoder, weights, {});
    EXPECT_EQ(model->owned_bytes(), 0u);
    const Agreement near =
        agreement(g.golden.floats("logits"), Session(model).append_all(g.ids), static_cast<size_t>(g.decoder.spec.vocab));
    EXPECT_LE(near.kl, dtype == base::DType::kBF16 ? 1e-5 : 1e-6);
    EXPECT_GT(near.kl, 0);
  }
}

}  // namespace
}  // namespace athanor::engine

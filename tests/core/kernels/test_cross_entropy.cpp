#include "athanor/core/kernels/cross_entropy.h"

#include "athanor/core/base/error.h"
#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

TEST(CrossEntropy, LossAndGradientAreTheFormula) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      for (int64_t vocab : {1, 15, 16, 100, 1000}) {
        const int64_t rows = 4;
        auto logits = random_elements<T>(rows * vocab, 1, 4);
        Fenced<int32_t> targets(
            std::vector<int32_t>{0, kIgnoredTarget, static_cast<int32_t>(vocab) - 1, static_cast<int32_t>(vocab / 2)});
        Fenced<float> losses(rows), again(rows);
        std::vector<double> expected, gradient;
        for (int64_t r = 0; r < rows; ++r) {
          double sum = 0;
          for (int64_t j = 0; j < vocab; ++j) sum += std::exp(logits.at(r * vocab + j));
          const bool counts = targets[r] != kIgnoredTarget;
          expected.push_back(counts ? std::log(sum) - logits.at(r * vocab + targets[r]) : 0);
          for (int64_t j = 0; j < vocab; ++j)
            gradient.push_back(counts ? std::exp(logits.at(r * vocab + j)) / sum - (j == targets[r] ? 1 : 0) : 0);
        }
        cross_entropy(CrossEntropyPass::kLossOnly, rows, vocab, logits.data(), targets.data(), losses.data());
        expect_close(losses, expected, 4e-6, "losses");
        cross_entropy(CrossEntropyPass::kLossAndGradient, rows, vocab, logits.data(), targets.data(), again.data());
        EXPECT_EQ(again.copy(), losses.copy());
        expect_close(logits, gradient, tolerance<T>(), "gradient");
      }
    });
  });
}

TEST(CrossEntropy, TargetOutsideTheVocabularyIsRefused) {
  std::vector<float> logits(20);
  for (int32_t target : {-1, 10, -101}) {
    const int32_t targets[] = {3, target};
    float losses[2];
    EXPECT_THROW(cross_entropy(CrossEntropyPass::kLossOnly, 2, 10, logits.data(), targets, losses), base::Error) << target;
  }
}

TEST(CrossEntropy, LargeLogitsStayFiniteAndNotANumberIsSeen) {
  for_levels([](IsaLevel) {
    std::vector<float> logits(2 * 40, 3e4f);
    logits[3] = 3.1e4f;
    logits[40] = NAN;
    const int32_t targets[] = {3, 7};
    float losses[2];
    cross_entropy(CrossEntropyPass::kLossAndGradient, 2, 40, logits.data(), targets, losses);
    EXPECT_EQ(losses[0], 0);
    EXPECT_EQ(logits[3], 0);
    EXPECT_TRUE(std::isnan(losses[1]));
  });
}

}  // namespace
}  // namespace athanor::kernels

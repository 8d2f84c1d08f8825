// Top-n-sigma (Tang et al. 2024): scores further than n standard deviations below the best are removed: score < best - n * sigma,
// with sigma over all scores that are still possible. Temperature scales both sides, so it changes nothing here. Checked against
// llama.cpp's formula in tools/golden/generate_samplers.py.

#include <algorithm>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class TopNSigma final : public ScoreStep {
 public:
  explicit TopNSigma(double n) : n_(n) {}

  void apply(std::span<float> scores, const History&) override {
    double sum = 0, squares = 0;
    int64_t count = 0;
    const float best = *std::max_element(scores.begin(), scores.end());
    for (float s : scores)
      if (s != kNever) sum += s, ++count;
    const double mean = sum / static_cast<double>(count);
    for (float s : scores)
      if (s != kNever) squares += (s - mean) * (s - mean);
    const double least = best - n_ * std::sqrt(squares / static_cast<double>(count));
    for (float& s : scores)
      if (s < least) s = kNever;
  }

 private:
  double n_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_top_n_sigma(const GenerateOptions& options, const StepContext&) {
  const double n = options.top_n_sigma;
  if (!(n >= 0 && n <= 1e9))
    base::input_error("generate.top_n_sigma", {"out of range", base::cat(n), "0 (off) or more", "1 is usual"});
  return n == 0 ? nullptr : std::make_unique<TopNSigma>(n);
}

}  // namespace athanor::generate

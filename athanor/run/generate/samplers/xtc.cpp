// XTC, "exclude top choices" (p-e-w 2024, as llama.cpp documents it): with the given probability, of all tokens at least as likely
// as the threshold only the least likely stays (among equals the highest id), and so do those below. A threshold above 1/2 can
// never find two. Checked against llama.cpp's formula in tools/golden/generate_samplers.py; how often it acts, by a distribution
// test.

#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class Xtc final : public ScoreStep {
 public:
  Xtc(double probability, double threshold, uint64_t seed)
      : probability_(probability), log_threshold_(std::log(threshold)), seed_(seed) {}

  void apply(std::span<float> scores, const History& history) override {
    const uint64_t step = history.generated.size();
    if (base::Philox(seed_, step, base::Purpose::kExclusion).uniform64() >= probability_) return;
    const double least = log_threshold_ + log_sum_exp(scores);
    size_t kept = scores.size();
    for (size_t i = 0; i < scores.size(); ++i)
      if (scores[i] >= least && (kept == scores.size() || scores[i] <= scores[kept])) kept = i;
    for (size_t i = 0; i < scores.size(); ++i)
      if (scores[i] >= least && i != kept) scores[i] = kNever;
  }

 private:
  double probability_, log_threshold_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_xtc(const GenerateOptions& options, const StepContext&) {
  const double probability = options.xtc_probability, threshold = options.xtc_threshold;
  if (!(probability >= 0 && probability <= 1))
    base::input_error("generate.xtc_probability", {"out of range", base::cat(probability), "0 (off) to 1"});
  if (!(threshold >= 0 && threshold <= 1))
    base::input_error("generate.xtc_threshold", {"out of range", base::cat(threshold), "0 to 1", "0.1 is usual"});
  if (probability == 0 || threshold > 0.5) return nullptr;
  return std::make_unique<Xtc>(probability, threshold, static_cast<uint64_t>(options.seed));
}

}  // namespace athanor::generate

// Min-p (Nguyen et al. 2024): tokens with a probability below p times the best one's are removed: score - best < ln p.
// Checked against transformers' MinPLogitsWarper.

#include <algorithm>
#include <cmath>
#include <limits>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class MinP final : public ScoreStep {
 public:
  explicit MinP(double p) : log_p_(static_cast<float>(std::log(p))) {}

  void apply(std::span<float> scores, const History&) override {
    const float best = *std::max_element(scores.begin(), scores.end());
    for (float& s : scores)
      if (s - best < log_p_) s = -std::numeric_limits<float>::infinity();
  }

 private:
  float log_p_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_min_p(const GenerateOptions& options, const StepContext&) {
  const double p = options.min_p;
  if (!(p >= 0 && p <= 1)) base::input_error("generate.min_p", {"out of range", base::cat(p), "0 (off) to 1"});
  return p == 0 ? nullptr : std::make_unique<MinP>(p);
}

}  // namespace athanor::generate

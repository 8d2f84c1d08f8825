// Epsilon sampling (Hewitt, Manning and Liang 2022): tokens less likely than epsilon are removed; the best always stays. Checked
// against transformers' EpsilonLogitsWarper.

#include <algorithm>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class Epsilon final : public ScoreStep {
 public:
  explicit Epsilon(double epsilon) : log_epsilon_(std::log(epsilon)) {}

  void apply(std::span<float> scores, const History&) override {
    const float best = *std::max_element(scores.begin(), scores.end());
    const double least = std::min<double>(best, log_epsilon_ + log_sum_exp(scores));
    for (float& s : scores)
      if (s < least) s = kNever;
  }

 private:
  double log_epsilon_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_epsilon(const GenerateOptions& options, const StepContext&) {
  const double epsilon = options.epsilon_cutoff;
  if (!(epsilon >= 0 && epsilon < 1))
    base::input_error("generate.epsilon_cutoff", {"out of range", base::cat(epsilon), "0 (off) to below 1", "3e-4 is usual"});
  return epsilon == 0 ? nullptr : std::make_unique<Epsilon>(epsilon);
}

}  // namespace athanor::generate

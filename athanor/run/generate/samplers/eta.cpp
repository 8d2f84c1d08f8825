// Eta sampling (Hewitt, Manning and Liang 2022): as epsilon sampling, with a border that falls where the model is unsure:
// eta = min(epsilon, sqrt(epsilon) * e^-H), H the entropy in nats. The best always stays. Checked against transformers'
// EtaLogitsWarper.

#include <algorithm>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class Eta final : public ScoreStep {
 public:
  explicit Eta(double epsilon) : log_epsilon_(std::log(epsilon)) {}

  void apply(std::span<float> scores, const History&) override {
    const float best = *std::max_element(scores.begin(), scores.end());
    const double log_total = log_sum_exp(scores);
    double entropy = 0;
    for (float s : scores)
      if (s != kNever) entropy -= (s - log_total) * std::exp(s - log_total);
    const double least = std::min<double>(best, std::min(log_epsilon_, log_epsilon_ / 2 - entropy) + log_total);
    for (float& s : scores)
      if (s < least) s = kNever;
  }

 private:
  double log_epsilon_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_eta(const GenerateOptions& options, const StepContext&) {
  const double epsilon = options.eta_cutoff;
  if (!(epsilon >= 0 && epsilon < 1))
    base::input_error("generate.eta_cutoff", {"out of range", base::cat(epsilon), "0 (off) to below 1", "3e-4 is usual"});
  return epsilon == 0 ? nullptr : std::make_unique<Eta>(epsilon);
}

}  // namespace athanor::generate

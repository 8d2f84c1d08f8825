// Temperature (Ackley, Hinton and Sejnowski 1985): scores / T, so probabilities ~ p^(1/T).
// Written as (score - best) / T: the same distribution, and no T, however small, overflows. T = 0 is greedy and needs no step.
// Checked against transformers' TemperatureLogitsWarper.

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class Temperature final : public ScoreStep {
 public:
  explicit Temperature(double temperature) : inverse_(1 / temperature) {}

  void apply(std::span<float> scores, const History&) override {
    const float best = *std::max_element(scores.begin(), scores.end());
    for (float& s : scores) s = static_cast<float>((static_cast<double>(s) - best) * inverse_);
  }

 private:
  double inverse_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_temperature(const GenerateOptions& options, const StepContext&) {
  const double t = options.temperature;
  if (t != 0 && !(t >= 1e-9 && t <= 1e9))
    base::input_error("generate.temperature", {"out of range", base::cat(t), "0 (greedy), or 1e-9 to 1e9"});
  return t == 0 || t == 1 ? nullptr : std::make_unique<Temperature>(t);
}

}  // namespace athanor::generate

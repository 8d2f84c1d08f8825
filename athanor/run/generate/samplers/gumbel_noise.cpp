// Gumbel noise (Gumbel 1954; Maddison et al. 2014): every score gets strength * -ln(-ln u) with u uniform in (0, 1). The best of
// score + noise is distributed as softmax(score / strength), so with temperature 0 this is sampling at temperature `strength`; with
// a temperature it is noise on top of the draw. Checked by a distribution test.

#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class GumbelNoise final : public ScoreStep {
 public:
  GumbelNoise(double strength, uint64_t seed) : strength_(strength), seed_(seed) {}

  void apply(std::span<float> scores, const History& history) override {
    base::Philox random(seed_, history.generated.size(), base::Purpose::kNoise);
    for (float& s : scores) {
      const double u = (static_cast<double>(random.next64() >> 12) + 0.5) * 0x1p-52;  // neither 0 nor 1
      if (s != kNever) s += static_cast<float>(strength_ * -std::log(-std::log(u)));
    }
  }

 private:
  double strength_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_gumbel_noise(const GenerateOptions& options, const StepContext&) {
  const double strength = options.gumbel_noise;
  if (!(strength >= 0 && strength <= 100))
    base::input_error("generate.gumbel_noise",
                      {"out of range", base::cat(strength), "0 (off) to 100", "1 with temperature 0 samples"});
  return strength == 0 ? nullptr : std::make_unique<GumbelNoise>(strength, static_cast<uint64_t>(options.seed));
}

}  // namespace athanor::generate

// Mirostat 2 (Basu et al. 2021, algorithm 2): holds the surprise -log2 p of the drawn tokens near tau bits. Tokens with more than
// mu bits are removed (the best stays); after each draw mu -= eta * (surprise of the drawn token among those left - tau); mu begins
// at 2 tau. What was drawn is read from the history at the next call. Checked against llama.cpp's formula in
// tools/golden/generate_samplers.py.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class Mirostat final : public ScoreStep {
 public:
  Mirostat(double tau, double eta) : tau_(tau), eta_(eta), mu_(2 * tau) {}

  void apply(std::span<float> scores, const History& history) override {
    if (!left_.empty() && !history.generated.empty()) learn(history.generated.back());
    const float best = *std::max_element(scores.begin(), scores.end());
    const double least = std::min<double>(best, log_sum_exp(scores) - mu_ * std::numbers::ln2);
    for (float& s : scores)
      if (s < least) s = kNever;
    left_.assign(scores.begin(), scores.end());
  }

 private:
  void learn(text::TokenId drawn) {
    const double surprise = (log_sum_exp(left_) - left_[static_cast<size_t>(drawn)]) / std::numbers::ln2;
    mu_ -= eta_ * (surprise - tau_);
  }

  double tau_, eta_, mu_;
  std::vector<float> left_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_mirostat(const GenerateOptions& options, const StepContext&) {
  if (options.mirostat != 0 && options.mirostat != 2)
    base::input_error("generate.mirostat", {"no such version", base::cat(options.mirostat), "0 (off) or 2"});
  const double tau = options.mirostat_tau, eta = options.mirostat_eta;
  if (!(tau >= 0 && tau <= 100))
    base::input_error("generate.mirostat_tau", {"out of range", base::cat(tau), "0 to 100", "5 is usual"});
  if (!(eta >= 0 && eta <= 1))
    base::input_error("generate.mirostat_eta", {"out of range", base::cat(eta), "0 to 1", "0.1 is usual"});
  return options.mirostat == 0 ? nullptr : std::make_unique<Mirostat>(tau, eta);
}

}  // namespace athanor::generate

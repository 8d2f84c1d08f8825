// Top-k (Fan, Lewis and Dauphin 2018): scores below the k-th best become -infinity. Ties with the k-th stay, so more than k may be
// left. One selection, O(V), no sort. Checked against transformers' TopKLogitsWarper.

#include <algorithm>
#include <functional>
#include <limits>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

class TopK final : public ScoreStep {
 public:
  explicit TopK(int64_t k) : k_(k) {}

  void apply(std::span<float> scores, const History&) override {
    if (k_ >= static_cast<int64_t>(scores.size())) return;
    sorted_.assign(scores.begin(), scores.end());
    const auto kth = sorted_.begin() + (k_ - 1);
    std::nth_element(sorted_.begin(), kth, sorted_.end(), std::greater<>());
    for (float& s : scores)
      if (s < *kth) s = -std::numeric_limits<float>::infinity();
  }

 private:
  int64_t k_;
  std::vector<float> sorted_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_top_k(const GenerateOptions& options, const StepContext&) {
  if (options.top_k < 0) base::input_error("generate.top_k", {"out of range", base::cat(options.top_k), "0 (off) or more"});
  return options.top_k == 0 ? nullptr : std::make_unique<TopK>(options.top_k);
}

}  // namespace athanor::generate

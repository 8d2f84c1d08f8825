#pragma once
// From scores to a token: steps of the shelf samplers/ edit the scores one after another, then one token is drawn.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/run/generate/generate.h"

namespace athanor::generate {

/// The sequence so far. Between two calls with the same step, tokens are only added to `generated`.
struct History {
  std::span<const text::TokenId> prompt, generated;
};

/// One edit of the scores [V]; -infinity means never. It may keep state of its sequence, so every sequence makes its own.
class ScoreStep {
 public:
  virtual ~ScoreStep() = default;
  virtual void apply(std::span<float> scores, const History& history) = 0;
};

/// A technique of samplers/. `make` gives null where the options leave it off, and an input_error where they are out of range.
struct SamplerRow : base::Entry {
  std::unique_ptr<ScoreStep> (*make)(const GenerateOptions& options);
};

/// In the order in which they are applied, which is transformers' order.
std::span<const SamplerRow> samplers();
/// The shelf as `athanor list` prints it.
std::vector<base::Shelf> shelves();

/// The steps that these options ask for.
std::vector<std::unique_ptr<ScoreStep>> make_steps(const GenerateOptions& options);

/// input_error where a score is not a number or +infinity, or all are -infinity (or there are none).
void check_scores(std::span<const float> scores);

/// The best token, the lowest id where several are best. Errors as check_scores.
text::TokenId best_token(std::span<const float> scores);

/// A token drawn with the probabilities softmax(scores). It depends on (seed, step) alone: Philox, purpose kSampling. Errors as
/// check_scores.
text::TokenId draw_token(std::span<const float> scores, uint64_t seed, uint64_t step);

/// Logarithms of softmax(scores) at `id`, and the `count` best (ties: the lower id first).
float logprob_of(std::span<const float> scores, text::TokenId id);
std::vector<TokenLogprob> best_logprobs(std::span<const float> scores, int64_t count);

}  // namespace athanor::generate

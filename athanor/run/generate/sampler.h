#pragma once
// From scores to a token: steps of the shelf samplers/ edit the scores one after another, then one token is drawn.

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/run/generate/generate.h"

namespace athanor::generate {

/// The score of a token that must not come.
inline constexpr float kNever = -std::numeric_limits<float>::infinity();

/// The sequence so far. Between two calls with the same step, tokens are only added to `generated`.
struct History {
  std::span<const text::TokenId> prompt, generated;
};

/// What a step may have to know besides the options.
struct StepContext {
  const text::Tokenizer* tokenizer = nullptr;
  std::span<const text::TokenId> end_ids = {};
};

/// One edit of the scores [V]; kNever means never. It may keep state of its sequence, so every sequence makes its own.
class ScoreStep {
 public:
  virtual ~ScoreStep() = default;
  virtual void apply(std::span<float> scores, const History& history) = 0;
};

/// A technique of samplers/. `make` gives null where the options leave it off, and an input_error where they are out of range.
struct SamplerRow : base::Entry {
  std::unique_ptr<ScoreStep> (*make)(const GenerateOptions& options, const StepContext& context);
  bool draws = true;  // shapes what is drawn; false: a penalty or a ban, which a search obeys as well
};

/// In the order in which they are applied: transformers' order, and what transformers lacks beside its kin.
std::span<const SamplerRow> samplers();
/// The shelf as `athanor list` prints it.
std::vector<base::Shelf> shelves();

/// The steps that these options ask for.
std::vector<std::unique_ptr<ScoreStep>> make_steps(const GenerateOptions& options, const StepContext& context = {});

/// input_error where a score is not a number or +infinity, or all are -infinity (or there are none).
void check_scores(std::span<const float> scores);

/// The best token, the lowest id where several are best. Errors as check_scores.
text::TokenId best_token(std::span<const float> scores);

/// A token drawn with the probabilities softmax(scores). It depends on (seed, step) alone: Philox, purpose kSampling. Errors as
/// check_scores.
text::TokenId draw_token(std::span<const float> scores, uint64_t seed, uint64_t step);

/// ln of the sum of e^score. Errors as check_scores.
double log_sum_exp(std::span<const float> scores);

/// Logarithms of softmax(scores) at `id`, and the `count` best (ties: the lower id first).
float logprob_of(std::span<const float> scores, text::TokenId id);
std::vector<TokenLogprob> best_logprobs(std::span<const float> scores, int64_t count);

}  // namespace athanor::generate

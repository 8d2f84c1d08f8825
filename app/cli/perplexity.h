#pragma once
// Perplexity of a text under a model, through the engine: the mean cost of predicting each token, and per byte, which does not
// depend on the tokenizer.
//
//   nats per byte = -sum_t ln p(x_t | x_<t) / bytes,   bits per byte = that / ln 2,   perplexity = exp(-mean_t ln p(x_t | x_<t))
//
// A text longer than the context is seen through windows that overlap: the first half of a window is context only, so a token has
// at least half a window before it. Every token is scored once. What stands before the first token is the tokenizer's bos, else its
// eos; where it names neither, the first token is not scored.

#include "athanor/core/text/tokenizer.h"
#include "athanor/run/engine/engine.h"

namespace athanor::app {

struct PerplexityOptions {
  int64_t window = 0;  // tokens that the model sees at once; 0: the whole context
  int64_t limit = 0;   // tokens scored at most; 0: all
};

struct PerplexityResult {
  double nats = 0;  // over all scored tokens
  int64_t tokens = 0, bytes = 0;
  double nats_per_byte() const { return nats / static_cast<double>(bytes); }
  double bits_per_byte() const;
  double perplexity() const;
};

PerplexityResult perplexity(const std::shared_ptr<const engine::Model>& model, const text::Tokenizer& tokenizer,
                            std::string_view text, const PerplexityOptions& options = {});

}  // namespace athanor::app

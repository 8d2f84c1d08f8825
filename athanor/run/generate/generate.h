#pragma once
// The generation loop: prompt ids -> tokens, one after another, until a stop.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "athanor/core/base/options.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/run/generate/score_source.h"

namespace athanor::generate {

class Constraint;

/// Hugging Face's names and meanings (GenerationConfig); temperature 0 is greedy.
struct GenerateOptions {
  int64_t max_new_tokens = 128;
  double temperature = 1.0;
  int64_t top_k = 0;  // 0: off
  double top_p = 1.0;
  double min_p = 0.0;
  double repetition_penalty = 1.0;                         // Keskar et al. 2019
  double presence_penalty = 0.0, frequency_penalty = 0.0;  // OpenAI's, on generated tokens
  int64_t seed = 0;
  std::vector<std::string> stop = {};  // texts that end generation and are not part of it
  bool ignore_eos = false;
  int64_t logprobs = 0;                               // top logprobs kept per token
  std::shared_ptr<const Constraint> constraint = {};  // what the text must look like (constraint.h); not an option of a recipe
  void visit(base::OptionVisitor& v);
};

struct TokenLogprob {
  text::TokenId id;
  float logprob;
};

struct GenerateResult {
  std::string text;                // what follows the prompt's text, without the stop text
  std::vector<text::TokenId> ids;  // generated ids, end token included where it was drawn
  int64_t prompt_tokens = 0;
  std::string finish_reason;                            // "stop", "length", "cancelled" (on_text said so, or base::stop_requested)
  std::vector<float> logprobs;                          // of each generated token, where asked: the model's own, before any step
  std::vector<std::vector<TokenLogprob>> top_logprobs;  // best first
};

/// Called with each piece of text as it becomes certain (never a broken character, never part of a stop text); false ends
/// generation.
using OnText = std::function<bool(std::string_view piece)>;

/// `end_ids`: tokens that end generation (eos).
GenerateResult generate(ScoreSource& source, const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt,
                        std::span<const text::TokenId> end_ids, const GenerateOptions& options, const OnText& on_text = {});

}  // namespace athanor::generate

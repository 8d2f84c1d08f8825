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
  int64_t no_repeat_ngram_size = 0;                        // 0: off
  double dry_multiplier = 0.0, dry_base = 1.75;            // multiplier 0: off
  int64_t dry_allowed_length = 2, dry_penalty_last_n = -1;
  std::vector<std::string> dry_sequence_breakers = {"\n", ":", "\"", "*"};
  int64_t exponential_decay_start = 0;  // transformers' exponential_decay_length_penalty = (start, factor)
  double exponential_decay_factor = 1.0;
  double top_n_sigma = 0.0;                                        // 0: off
  double typical_p = 1.0, epsilon_cutoff = 0.0, eta_cutoff = 0.0;  // 1, 0 and 0: off
  double xtc_probability = 0.0, xtc_threshold = 0.1;
  int64_t mirostat = 0;  // 0: off, or 2
  double mirostat_tau = 5.0, mirostat_eta = 0.1;
  double gumbel_noise = 0.0;
  int64_t num_beams = 1, num_beam_groups = 1;  // 1: no beams
  double diversity_penalty = 0.0, length_penalty = 1.0;
  std::string early_stopping = "false";       // or "true", "never"
  std::vector<std::string> force_words = {};  // texts that the beams must hold
  double penalty_alpha = 0.0;                 // contrastive search over top_k candidates; 0: off
  std::string dola_layers = {};               // "low", "high" or "2,4,6"; "": off
  bool dola_norm = false;                     // the final norm before the head on early layers
  double guidance_scale = 1.0;                // 1: off
  std::string negative_prompt = {};
  int64_t seed = 0;
  std::vector<std::string> stop = {};  // texts that end generation and are not part of it
  bool ignore_eos = false;
  int64_t drop_repeated_sentences = 0;                // from so many times on (repeat_filter.h); 0: off
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
  int64_t sentences_dropped = 0;                        // by drop_repeated_sentences
  double score = 0;                                     // of a beam search: sum of log-probabilities / length^length_penalty
  double first_token_seconds = 0;                       // from the call to the first scores
};

/// Called with each piece of text as it becomes certain (never a broken character, never part of a stop text); false ends
/// generation.
using OnText = std::function<bool(std::string_view piece)>;

/// `end_ids`: tokens that end generation (eos).
GenerateResult generate(ScoreSource& source, const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt,
                        std::span<const text::TokenId> end_ids, const GenerateOptions& options, const OnText& on_text = {});

/// The same with the method of the shelf search/ that the options ask for (beams, contrastive search, DoLa, guidance), or none.
GenerateResult generate(const ModelScores& model, const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt,
                        std::span<const text::TokenId> end_ids, const GenerateOptions& options, const OnText& on_text = {});

}  // namespace athanor::generate

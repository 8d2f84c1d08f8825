#pragma once
// Ways to a sequence other than drawing one token after another from one model's scores: the shelf search/. Private to the room.

#include <algorithm>
#include <string>
#include <vector>

#include "athanor/run/generate/generate.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {

/// What a search is given. All of it outlives the search.
struct SearchTask {
  const ModelScores& model;
  const text::Tokenizer& tokenizer;
  std::span<const text::TokenId> prompt, end_ids;
  const GenerateOptions& options;
  const OnText& on_text;

  bool ends(text::TokenId id) const {
    return !options.ignore_eos && std::find(end_ids.begin(), end_ids.end(), id) != end_ids.end();
  }
};

struct SearchRow : base::Entry {
  /// Whether the options ask for it; input_error where they are out of range.
  bool (*asked)(const GenerateOptions& options);
  GenerateResult (*run)(const SearchTask& task);
};

std::span<const SearchRow> searches();

/// Draws token after token from one source: what generate() does where no search is asked for.
GenerateResult draw_tokens(ScoreSource& source, const text::Tokenizer& tokenizer, std::span<const text::TokenId> prompt,
                           std::span<const text::TokenId> end_ids, const GenerateOptions& options, const OnText& on_text);

/// Tokens that a search can still write: max_new_tokens, or what the context holds. `after_prompt`: the source's room then.
int64_t most_new_tokens(const GenerateOptions& options, int64_t after_prompt);

/// For a search that draws nothing: input_error where the options shape a draw (rows of samplers() that do), so that none of them
/// is ignored in silence. top_k is left out where the search has its own use for it.
void refuse_draws(const GenerateOptions& options, const char* search, bool uses_top_k = false);

/// The penalties and bans that the options ask for, over the sequence so far.
void apply_penalties(const GenerateOptions& options, const StepContext& context, std::span<float> scores, const History& history);

/// What was found, as a result: its text goes through stop texts and on_text as if it had been drawn.
GenerateResult written(const SearchTask& task, const std::vector<text::TokenId>& ids);

}  // namespace athanor::generate

#pragma once
// Beams, and phrases that they must hold. Private to the shelf.

#include <vector>

#include "athanor/run/generate/search.h"

namespace athanor::generate {

struct Beam {
  std::vector<text::TokenId> ids = {};  // generated
  float score = 0;                      // sum of ln p
  int64_t sequence = 0;                 // its number in the source
};

/// One more token for one of the beams.
struct Continuation {
  float score;
  size_t beam;
  text::TokenId id;
};

using Phrases = std::vector<std::vector<text::TokenId>>;

/// The tokens of options.force_words; input_error on an empty one.
Phrases phrase_ids(const SearchTask& task);
bool holds_all(const Phrases& phrases, std::span<const text::TokenId> ids);
/// `open`, mixed with the continuations that bring a phrase forward. scores [sequences, V] are ln p plus the beam's score.
std::vector<Continuation> with_phrases(const Phrases& phrases, const std::vector<Beam>& beams, std::vector<Continuation> open,
                                       std::span<const float> scores, size_t vocab);

}  // namespace athanor::generate

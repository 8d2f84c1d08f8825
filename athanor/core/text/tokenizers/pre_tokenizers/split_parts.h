#pragma once
// What becomes of the matches of a pattern and of the text between them.

#include <functional>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizers/pre_tokenizer.h"

namespace athanor::text {

enum class SplitBehavior { kIsolated, kRemoved, kMergedWithPrevious, kMergedWithNext, kContiguous };

/// A component's "behavior".
SplitBehavior split_behavior(const Component& c);

struct SplitPart {
  size_t begin, end;
  bool is_match;
};

/// Sends the words that `parts` (which cover the text, in order) become. A match goes with the part before it, with the part after
/// it, stands alone, is dropped, or is joined with the matches beside it.
void send_parts(std::string_view text, bool at_start, std::vector<SplitPart> parts, SplitBehavior behavior, WordSink& words);

}  // namespace athanor::text

#pragma once
// Counts the words of texts after normalization and pre-tokenization, for trainers of models that are not byte-level.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/text/trainers/word_counts.h"

namespace athanor::text {

/// Words and their counts, in the order of their bytes, so that nothing depends on threads or hashes.
using PieceCounts = std::map<std::string, uint64_t, std::less<>>;

/// Line by line (a line ends with its \n). `normalizer` and `pre_tokenizer` are components of tokenizer.json, or null. file_error
/// where a text is not UTF-8.
PieceCounts count_pieces(const std::vector<NamedText>& texts, const base::Json& normalizer, const base::Json& pre_tokenizer);

}  // namespace athanor::text

#pragma once
// What a text is about, in its own words.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::data {

/// TextRank (Mihalcea and Tarau 2004, "TextRank: bringing order into texts", W04-3252). Words of three letters or more that are no
/// stop words are joined where they stand at most two words apart with nothing but blanks between; the score of a word is
///
///   s_i = 1 - d + d * sum over neighbours j of s_j / degree_j,   d = 0.85
///
/// and that of a phrase, up to three such words that follow each other, is the sum of its words'. The best `count` phrases, the
/// best first, as the text spells them where they first stand; none is part of another. English; empty for a text without spaces
/// between words. Checked against the linear system solved by numpy (tools/golden/data_key_phrases.py).
std::vector<std::string> key_phrases(std::string_view text, size_t count);

/// (word, score) in the order of the text.
std::vector<std::pair<std::string, double>> word_scores(std::string_view text);

}  // namespace athanor::data

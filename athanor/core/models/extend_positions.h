#pragma once
// A longer table of learned positions. A model that learned a row for each position (GPT-2, BERT) knows nothing of the next one: it
// cannot be run there before it has rows, and is no better there before it was tuned on longer texts.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace athanor::models {

/// The names for --new-positions, the default first:
///   interpolate  the table stretched: row j is taken from place j (T - 1) / (N - 1) of the old one, between two rows by parts
///   copy         the table again and again: row j is row j mod T (Beltagy et al. 2020, arXiv:2004.05150, section 5)
///   random       old rows stay, new ones are drawn as for a new model
std::vector<const char*> new_position_kinds();

/// `table` [T, hidden] -> [positions, hidden], positions > T. `init_std` and `seed` are random's.
std::vector<float> extended_positions(std::span<const float> table, int64_t hidden, int64_t positions, std::string_view kind,
                                      double init_std, uint64_t seed);

}  // namespace athanor::models

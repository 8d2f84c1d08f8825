#pragma once
// The two halves of DoLa, for its search and its test. Private to the room.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace athanor::generate {

/// The layers that `choice` ("low", "high" or "2,4,6") names in a model of `count` layers; input_error on anything else.
std::vector<int64_t> dola_layers(const std::string& choice, int64_t count, bool tied_head);

/// rows [layers + 1, V]: the scores of the candidate layers, then the model's own, which become the contrasted ones.
void contrast_layers(std::span<float> rows, size_t vocab);

}  // namespace athanor::generate

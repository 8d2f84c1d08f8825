#pragma once
// What the layers of a decoder keep between their forward and their backward pass, counted from the model's description and from
// which of its parts learn. Private to the room.

#include <vector>

#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/recipe.h"

namespace athanor::train {

struct ActivationBytes {
  std::vector<double> kept;  // by each layer until its backward pass
  double passing = 0;        // made and dropped again in one layer, the largest alive at once
  double input = 0;          // of one layer: the residual stream
  double head = 0;           // final norm, logits and their gradients
};

/// `decoder` may lie on the meta device: its shapes count, and which of its parameters require gradients.
ActivationBytes activation_bytes(nn::Decoder& decoder, const TrainRecipe& recipe);

}  // namespace athanor::train

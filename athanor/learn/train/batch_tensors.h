#pragma once
// Batches as tensors.

#include "athanor/core/data/batch.h"
#include "athanor/learn/nn/decoder.h"

namespace athanor::train {

struct BatchTensors {
  nn::DecoderInput input;
  at::Tensor targets;  // [B, T] int32
};

/// `crosses`: attention and positions run through whole rows. On a CPU the tensors are views of the batch.
BatchTensors tensors_of(const data::Batch& batch, at::Device device, bool crosses);

}  // namespace athanor::train

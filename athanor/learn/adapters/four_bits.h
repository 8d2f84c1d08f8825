#pragma once
// A base whose linear layers are kept in four bits, made from the files of the model array by array, so that it is never in memory
// as a whole.

#include <string>
#include <vector>

#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/learn/nn/decoder.h"

namespace athanor::adapters {

/// Of NF4, what a number takes: 0.516, or 0.5625 without double quantization.
double nf4_bytes_per_number(bool double_quant);

/// Paths of the linear layers that do not learn, but for the head.
std::vector<std::string> paths_for_four_bits(nn::Decoder& decoder);

/// Quantizes them in place. input_error on a GPU.
void quantize_linears(nn::Decoder& decoder, bool double_quant);

/// Fills a decoder that was built on the meta device: linear layers but the head, and but those below the modules that `wide` names
/// (as modules_to_save does), become four-bit ones; every other parameter gets its memory and its array. Each array's pages are
/// given back when it was read. file_error where a weight is missing or has another shape.
void load_four_bits(nn::Decoder& decoder, const checkpoint::Checkpoint& weights, const std::vector<std::string>& wide,
                    bool double_quant);

/// A copy of the weight of the linear layer at `path` as its file has it, [out, in] f32.
at::Tensor file_weight(nn::Decoder& decoder, const checkpoint::Checkpoint& weights, const std::string& path);

}  // namespace athanor::adapters

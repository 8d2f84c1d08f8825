#pragma once
// A model folder as a decoder with gradients.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "athanor/learn/nn/decoder.h"

namespace athanor::nn {

/// Opens a Hugging Face folder and fills a Decoder with its weights; a warning is logged for weights that no slot claims.
std::unique_ptr<Decoder> load_decoder(const std::filesystem::path& folder, const DecoderOptions& options = {});

/// Scores of every position of one sequence, row-major [T, V]. `hidden`, where given, receives layers + 1 arrays [T, C] as
/// Decoder::hidden.
std::vector<float> decoder_logits(const std::filesystem::path& folder, std::span<const int32_t> ids,
                                  const DecoderOptions& options = {}, std::vector<std::vector<float>>* hidden = nullptr);

/// Of a decoder that is there already, as it is.
std::vector<float> decoder_logits(Decoder& decoder, std::span<const int32_t> ids,
                                  std::vector<std::vector<float>>* hidden = nullptr);

}  // namespace athanor::nn

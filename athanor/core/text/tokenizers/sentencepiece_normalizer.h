#pragma once
// The first stage of a SentencePiece model.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/sentencepiece_proto.h"

namespace athanor::text {

/// `whole_pieces`: user-defined pieces, which stand in the text as they are. file_error naming `source` where the charsmap is
/// broken.
std::unique_ptr<Normalizer> make_sentencepiece_normalizer(const SentencePieceProto::NormalizerSpec& spec, bool whitespace_as_suffix,
                                                          const std::vector<std::string_view>& whole_pieces,
                                                          std::string_view source);

}  // namespace athanor::text

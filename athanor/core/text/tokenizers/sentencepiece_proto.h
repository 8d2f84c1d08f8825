#pragma once
// The fields of a SentencePiece model file that encoding and decoding need, by their names in sentencepiece_model.proto.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::text {

struct SentencePieceProto {
  enum ModelType : uint64_t { kUnigram = 1, kBpe = 2, kWord = 3, kChar = 4 };
  enum PieceType : uint64_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };
  struct Piece {
    std::string piece;
    float score = 0;
    uint64_t type = kNormal;
  };
  struct NormalizerSpec {
    std::string precompiled_charsmap;
    bool add_dummy_prefix = true, remove_extra_whitespaces = true, escape_whitespaces = true;
  };
  std::vector<Piece> pieces;
  uint64_t model_type = kUnigram;
  bool byte_fallback = false, treat_whitespace_as_suffix = false;
  int32_t bos_id = 1, eos_id = 2;
  std::string unk_surface = " \u2047 ";
  NormalizerSpec normalizer, denormalizer;
};

/// file_error `[text.sentencepiece]` naming `source` where the bytes are malformed, a piece is empty, not UTF-8 or occurs twice, a
/// score is not finite, there is not one unknown piece, or the byte pieces are not all 256 or none.
SentencePieceProto parse_sentencepiece(std::string_view bytes, std::string_view source);

}  // namespace athanor::text

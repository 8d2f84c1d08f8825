#pragma once
// The last stage of a SentencePiece model: pieces to text.

#include <memory>
#include <string>

#include "athanor/core/text/tokenizers/decoder.h"

namespace athanor::text {

struct SentencePieceDecoderOptions {
  std::string unknown_piece, unknown_text;  // "<unk>" and what it is shown as
  bool drops_first_mark = false;            // the mark that the normalizer put before the text
  bool drops_first_marks = false;           // all of them
  bool byte_fallback = false;
};

std::unique_ptr<Decoder> make_sentencepiece_decoder(SentencePieceDecoderOptions options);

}  // namespace athanor::text

#pragma once
// What the Unigram model is made of, for those who make one without a tokenizer.json.

#include <memory>
#include <vector>

#include "athanor/core/text/tokenizers/model.h"

namespace athanor::text {

/// The score of a character that is no piece, below the smallest one's (SentencePiece's number).
constexpr double kUnknownPenalty = 10.0;

struct UnigramPieces {
  Vocabulary vocabulary;          // ids from 0 on without a gap
  std::vector<double> scores;     // by id
  std::vector<bool> usable = {};  // by id: whether the piece is found in text; empty: all are
  double smallest = 0;            // score of a piece, from which that of an unknown character follows
  TokenId unknown = -1;           // -1: none
  bool byte_fallback = false, byte_level = false;
};

/// `single_precision`: sums are float, and begin again from zero where they grow large, as in SentencePiece.
std::unique_ptr<Model> make_unigram(UnigramPieces pieces, bool single_precision);

}  // namespace athanor::text

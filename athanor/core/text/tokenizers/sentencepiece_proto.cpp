#include "athanor/core/text/tokenizers/sentencepiece_proto.h"

#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/protobuf_reader.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/tokenizers/vocabulary.h"

namespace athanor::text {

namespace {

using base::cat;
constexpr std::string_view kSentencepieceProtoWhere = "text.sentencepiece";

SentencePieceProto::Piece read_piece(ProtobufReader reader) {
  SentencePieceProto::Piece piece;
  while (!reader.at_end()) {
    auto field = reader.next();
    if (field.number == 1) piece.piece = reader.bytes(field);
    if (field.number == 2) piece.score = reader.real(field);
    if (field.number == 3) piece.type = reader.varint(field);
  }
  return piece;
}

void read_trainer_spec(ProtobufReader reader, SentencePieceProto& proto) {
  while (!reader.at_end()) {
    auto field = reader.next();
    if (field.number == 3) proto.model_type = reader.varint(field);
    if (field.number == 24) proto.treat_whitespace_as_suffix = reader.varint(field) != 0;
    if (field.number == 35) proto.byte_fallback = reader.varint(field) != 0;
    if (field.number == 41) proto.bos_id = static_cast<int32_t>(reader.varint(field));
    if (field.number == 42) proto.eos_id = static_cast<int32_t>(reader.varint(field));
    if (field.number == 44) proto.unk_surface = reader.bytes(field);
  }
}

SentencePieceProto::NormalizerSpec read_normalizer_spec(ProtobufReader reader) {
  SentencePieceProto::NormalizerSpec spec;
  while (!reader.at_end()) {
    auto field = reader.next();
    if (field.number == 2) spec.precompiled_charsmap = reader.bytes(field);
    if (field.number == 3) spec.add_dummy_prefix = reader.varint(field) != 0;
    if (field.number == 4) spec.remove_extra_whitespaces = reader.varint(field) != 0;
    if (field.number == 5) spec.escape_whitespaces = reader.varint(field) != 0;
  }
  return spec;
}

class Checker {
 public:
  explicit Checker(std::string_view source) : source_(source) {}

  void check(const SentencePieceProto& proto) {
    if (proto.pieces.empty()) fail("the model has no pieces");
    if (proto.pieces.size() > static_cast<size_t>(kMaxTokenId)) fail("the model has too many pieces");
    if (proto.model_type < SentencePieceProto::kUnigram || proto.model_type > SentencePieceProto::kChar)
      fail("the kind of the model is not known", cat("model_type ", proto.model_type));
    if (!is_utf8(proto.unk_surface)) fail("unk_surface is not UTF-8");
    for (const SentencePieceProto::Piece& piece : proto.pieces) check_piece(piece);
    if (unknown_ != 1) fail("there must be one unknown piece", cat(unknown_));
    if (proto.byte_fallback ? bytes_ != 256 : bytes_ != 0)
      fail("the byte pieces do not fit byte_fallback", cat(bytes_, " of them"), proto.byte_fallback ? "256" : "none");
  }

 private:
  [[noreturn]] void fail(std::string_view what, std::string got = {}, std::string expected = {}) const {
    base::file_error(kSentencepieceProtoWhere, {cat(source_, ": ", what), std::move(got), std::move(expected)});
  }

  void check_piece(const SentencePieceProto::Piece& piece) {
    size_t id = seen_.size();
    if (piece.piece.empty()) fail(cat("piece ", id, " is empty"));
    if (!is_utf8(piece.piece)) fail(cat("piece ", id, " is not UTF-8"));
    if (!std::isfinite(piece.score)) fail(cat("the score of piece ", id, " is not finite"));
    if (piece.type < SentencePieceProto::kNormal || piece.type > SentencePieceProto::kByte)
      fail(cat("piece ", id, " is of an unknown type"));
    if (seen_.add(piece.piece, static_cast<TokenId>(id)) != Vocabulary::Added::kYes)
      fail(cat("piece ", id, " occurs twice"), piece.piece);
    unknown_ += piece.type == SentencePieceProto::kUnknown;
    if (piece.type != SentencePieceProto::kByte) return;
    for (int byte = 0; byte < 256; ++byte)
      if (piece.piece == byte_piece(static_cast<unsigned char>(byte))) ++bytes_;
  }

  std::string source_;
  Vocabulary seen_;
  int unknown_ = 0, bytes_ = 0;
};

}  // namespace

SentencePieceProto parse_sentencepiece(std::string_view bytes, std::string_view source) {
  SentencePieceProto proto;
  ProtobufReader reader(bytes, kSentencepieceProtoWhere, source);
  while (!reader.at_end()) {
    auto field = reader.next();
    if (field.number == 1) proto.pieces.push_back(read_piece(reader.message(field)));
    if (field.number == 2) read_trainer_spec(reader.message(field), proto);
    if (field.number == 3) proto.normalizer = read_normalizer_spec(reader.message(field));
    if (field.number == 5) proto.denormalizer = read_normalizer_spec(reader.message(field));
  }
  Checker(source).check(proto);
  return proto;
}

}  // namespace athanor::text

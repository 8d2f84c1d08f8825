// The parts run as SentencePiece does them; the document that json() writes describes the nearest tokenizer.json.

#include "athanor/core/text/sentencepiece.h"

#include <algorithm>
#include <cfloat>
#include <nlohmann/json.hpp>

#include "athanor/core/base/base64.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/piece_merges.h"
#include "athanor/core/text/tokenizers/sentencepiece_decoder.h"
#include "athanor/core/text/tokenizers/sentencepiece_normalizer.h"
#include "athanor/core/text/tokenizers/sentencepiece_proto.h"
#include "athanor/core/text/tokenizers/unigram_pieces.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"

namespace athanor::text {

namespace {

using base::Json;
using Proto = SentencePieceProto;

constexpr std::string_view kSentencepieceWhere = "text.sentencepiece", kWordMark = "▁";

class ModelBuilder {
 public:
  ModelBuilder(const Proto& proto, std::string_view source) : proto_(proto), source_(source) {
    for (size_t i = 0; i < proto.pieces.size(); ++i) {
      auto id = static_cast<TokenId>(i);
      vocabulary_.add(proto.pieces[i].piece, id);
      uint64_t type = proto.pieces[i].type;
      if (type == Proto::kUnknown) unknown_ = id;
      if (type == Proto::kUserDefined) user_defined_.push_back(id);
    }
  }

  std::unique_ptr<Model> build() {
    switch (proto_.model_type) {
      case Proto::kUnigram:
        return unigram();
      case Proto::kBpe:
      case Proto::kChar:
        return bpe();
      default:
        base::file_error(kSentencepieceWhere,
                         {base::cat(source_, ": a word model is not supported"), "", "a unigram, BPE or character model"});
    }
  }

  TokenId unknown() const { return unknown_; }

 private:
  std::vector<bool> usable(bool with_user_defined) const {
    std::vector<bool> usable;
    for (const Proto::Piece& piece : proto_.pieces)
      usable.push_back(piece.type == Proto::kNormal || (with_user_defined && piece.type == Proto::kUserDefined));
    return usable;
  }

  std::unique_ptr<Model> unigram() {
    float smallest = FLT_MAX, largest = FLT_MIN;
    for (const Proto::Piece& piece : proto_.pieces) {
      if (piece.type != Proto::kNormal) continue;
      smallest = std::min(smallest, piece.score), largest = std::max(largest, piece.score);
    }
    UnigramPieces pieces;
    for (const Proto::Piece& piece : proto_.pieces) {
      // a user-defined piece has a bonus, so that it is always taken
      bool whole = piece.type == Proto::kUserDefined;
      pieces.scores.push_back(whole ? static_cast<float>(piece.piece.size()) * largest - 0.1 : static_cast<double>(piece.score));
    }
    pieces.vocabulary = std::move(vocabulary_);
    pieces.usable = usable(true);
    pieces.smallest = static_cast<double>(smallest);
    pieces.unknown = unknown_;
    pieces.byte_fallback = proto_.byte_fallback;
    return make_unigram(std::move(pieces), true);
  }

  /// A character model is one without merges.
  std::unique_ptr<Model> bpe() {
    ModelTables tables;
    if (proto_.model_type == Proto::kBpe) {
      std::vector<float> scores;
      for (const Proto::Piece& piece : proto_.pieces) {
        if (piece.type == Proto::kUnused)
          base::file_error(kSentencepieceWhere, {base::cat(source_, ": unused pieces in a BPE model are not supported")});
        scores.push_back(piece.score);
      }
      PieceMerges found = merges_of_pieces(vocabulary_, scores, usable(false));
      tables.merges = std::move(found.merges), tables.ranks = std::move(found.ranks);
    }
    tables.vocabulary = std::move(vocabulary_);
    tables.whole_pieces = user_defined_;
    Json options = {{"type", "BPE"},
                    {"unk_token", proto_.pieces[static_cast<size_t>(unknown_)].piece},
                    {"fuse_unk", true},
                    {"byte_fallback", proto_.byte_fallback}};
    Component component(options, base::cat(source_, ": model"));
    return find_component(models(), component, "model").make(component, std::move(tables), false);
  }

  const Proto& proto_;
  std::string source_;
  Vocabulary vocabulary_;
  TokenId unknown_ = -1;
  std::vector<TokenId> user_defined_;
};

/// What transformers' conversion writes.
Json document_of(const Proto& proto, const Json& added_tokens) {
  const Proto::NormalizerSpec& spec = proto.normalizer;
  Json steps = Json::array();
  if (!spec.precompiled_charsmap.empty())
    steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", base::base64_encode(spec.precompiled_charsmap)}});
  if (spec.remove_extra_whitespaces) {
    steps.push_back({{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}});
    steps.push_back({{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}});
  }
  Json normalizer = steps.empty() ? Json(nullptr) : Json{{"type", "Sequence"}, {"normalizers", steps}};
  Json metaspace = {{"type", "Metaspace"},
                    {"replacement", kWordMark},
                    {"prepend_scheme", spec.add_dummy_prefix ? "first" : "never"},
                    {"split", false}};
  Json decoders = Json::array();
  if (proto.byte_fallback) decoders.push_back({{"type", "ByteFallback"}});
  decoders.push_back(metaspace);
  return {{"version", "1.0"},          {"truncation", nullptr},
          {"padding", nullptr},        {"added_tokens", added_tokens},
          {"normalizer", normalizer},  {"pre_tokenizer", metaspace},
          {"post_processor", nullptr}, {"decoder", {{"type", "Sequence"}, {"decoders", decoders}}}};
}

}  // namespace

std::unique_ptr<Pipeline> parse_sentencepiece_model(std::string_view bytes, std::string_view source) {
  Proto proto = parse_sentencepiece(bytes, source);
  if (!proto.denormalizer.precompiled_charsmap.empty())
    base::file_error(kSentencepieceWhere, {base::cat(source, ": a model with rules for decoding is not supported")});
  PipelineParts parts;
  Json added = Json::array();
  std::vector<std::string_view> whole;
  for (size_t i = 0; i < proto.pieces.size(); ++i) {
    const Proto::Piece& piece = proto.pieces[i];
    if (piece.type == Proto::kUserDefined) whole.push_back(piece.piece);
    if (piece.type == Proto::kControl) added.push_back(special_token_json(static_cast<TokenId>(i), piece.piece));
  }
  auto document = std::make_shared<Json>(document_of(proto, added));
  parts.added_tokens = read_added_tokens(Component(*document, std::string(source)).list("added_tokens"));
  parts.normalizer = make_sentencepiece_normalizer(proto.normalizer, proto.treat_whitespace_as_suffix, whole, source);
  ModelBuilder builder(proto, source);
  parts.model = builder.build();
  const Proto::NormalizerSpec& spec = proto.normalizer;
  parts.decoder = make_sentencepiece_decoder({proto.pieces[static_cast<size_t>(builder.unknown())].piece, proto.unk_surface,
                                              spec.add_dummy_prefix || spec.remove_extra_whitespaces, spec.remove_extra_whitespaces,
                                              proto.byte_fallback});
  parts.document = std::move(document);
  auto control = [&](int32_t id) -> std::optional<std::string> {
    if (id < 0 || static_cast<size_t>(id) >= proto.pieces.size()) return std::nullopt;
    return proto.pieces[static_cast<size_t>(id)].piece;
  };
  return std::make_unique<Pipeline>(std::move(parts), SpecialTokenNames{control(proto.bos_id), control(proto.eos_id)});
}

}  // namespace athanor::text

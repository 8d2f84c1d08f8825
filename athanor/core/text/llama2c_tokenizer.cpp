// The merges follow from the scores (piece_merges.h). Checked against the ids of llama2.c's own encoder for stories260K.

#include "athanor/core/text/llama2c_tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/byte_reader.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/piece_merges.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"

namespace athanor::text {

namespace {

constexpr std::string_view kLlama2cTokenizerWhere = "text.llama2c", kLlama2cSpace = "\xe2\x96\x81";
constexpr TokenId kFirstByte = 3, kFirstPiece = kFirstByte + 256;

[[noreturn]] void refuse(const std::string& name, std::string_view what, std::string got = {}, std::string expected = {}) {
  base::file_error(kLlama2cTokenizerWhere, {base::cat(name, ": ", what), std::move(got), std::move(expected)});
}

/// The file shows a piece's mark as a space, and puts line ends around <s> and </s>.
std::string spelled(TokenId id, std::string_view bytes) {
  if (id < kFirstByte) return id == 0 ? "<unk>" : id == 1 ? "<s>" : "</s>";
  std::string piece;
  for (char c : bytes) {
    if (c == ' ') {
      piece += kLlama2cSpace;
    } else {
      piece += c;
    }
  }
  return piece;
}

struct Pieces {
  Vocabulary vocabulary;
  std::vector<float> scores;
};

Pieces read_pieces(std::span<const std::byte> bytes, const std::string& name) {
  base::ByteReader reader(bytes, std::string(kLlama2cTokenizerWhere), name);
  auto longest = reader.read<int32_t>("the longest piece");
  Pieces pieces;
  while (reader.remaining() > 0) {
    auto id = static_cast<TokenId>(pieces.scores.size());
    pieces.scores.push_back(reader.read<float>("a score"));
    auto length = reader.read<int32_t>("a length");
    if (length < 1 || length > std::max(longest, 16))
      refuse(name, base::cat("the length of token ", id, " is wrong"), base::cat(length));
    auto text = reader.take(static_cast<uint64_t>(length), "a piece");
    std::string token = spelled(id, {reinterpret_cast<const char*>(text.data()), text.size()});
    if (!is_utf8(token)) refuse(name, base::cat("token ", id, " is not UTF-8"));
    if (!(pieces.scores.back() > -1e30f && pieces.scores.back() < 1e30f))
      refuse(name, base::cat("the score of token ", id, " is not finite"));
    if (id > kMaxTokenId || pieces.vocabulary.add(token, id) != Vocabulary::Added::kYes)
      refuse(name, base::cat("token ", id, " occurs twice"), base::cat("\"", token, "\""));
  }
  for (int byte = 0; byte < 256; ++byte) {
    std::string token = byte_piece(static_cast<unsigned char>(byte));
    if (pieces.vocabulary.find(token) != kFirstByte + byte)
      refuse(name, "not a vocabulary with byte fallback", "", base::cat("token ", kFirstByte + byte, " = ", token));
  }
  return pieces;
}

constexpr std::string_view kLlama2 = R"({
  "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
  "pre_tokenizer": null,
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
             {"SpecialToken": {"id": "<s>", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
  "decoder": {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}})";

}  // namespace

void convert_llama2c_tokenizer(const std::filesystem::path& file, const std::filesystem::path& folder) {
  base::MappedFile mapped(file);
  Pieces pieces = read_pieces(mapped.bytes(), file.string());
  std::vector<bool> usable(pieces.scores.size(), true);
  std::fill_n(usable.begin(), kFirstPiece, false);
  PieceMerges found = merges_of_pieces(pieces.vocabulary, pieces.scores, usable);
  base::Json document = base::parse_json(kLlama2, kLlama2cTokenizerWhere, "the Llama 2 pipeline");
  for (TokenId id : {0, 1, 2}) document["added_tokens"].push_back(special_token_json(id, spelled(id, "")));
  base::Json model = {{"type", "BPE"}, {"unk_token", "<unk>"}, {"fuse_unk", true}, {"byte_fallback", true}};
  auto pipeline = build_pipeline(document, model, {std::move(pieces.vocabulary), std::move(found.merges)}, file.string());
  write_tokenizer_files(*pipeline, {"<s>", "</s>", "<unk>"}, folder);
}

}  // namespace athanor::text

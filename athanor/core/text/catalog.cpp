#include "athanor/core/text/catalog.h"

#include "athanor/core/text/tokenizers/decoder.h"
#include "athanor/core/text/tokenizers/model.h"
#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/post_processor.h"
#include "athanor/core/text/tokenizers/pre_tokenizer.h"
#include "athanor/core/text/tokenizers/scanners/scanner.h"

namespace athanor::text {

std::unique_ptr<Model> make_bpe(const Component&, ModelTables, bool byte_level);
std::unique_ptr<Model> make_unigram(const Component&, ModelTables, bool byte_level);
std::unique_ptr<Model> make_word_piece(const Component&, ModelTables, bool byte_level);
std::unique_ptr<Model> make_word_level(const Component&, ModelTables, bool byte_level);

using Post = std::unique_ptr<PostProcessor>;
Post make_byte_level_post(const Component&, int64_t);
Post make_template_processing(const Component&, int64_t);
Post make_bert_processing(const Component&, int64_t);
Post make_roberta_processing(const Component&, int64_t);
Post make_post_processor_sequence(const Component&, int64_t);

using Dec = std::unique_ptr<Decoder>;
Dec make_byte_level_decoder(const Component&);
Dec make_byte_fallback(const Component&);
Dec make_fuse(const Component&);
Dec make_strip(const Component&);
Dec make_replace_decoder(const Component&);
Dec make_metaspace_decoder(const Component&);
Dec make_word_piece_decoder(const Component&);
Dec make_ctc(const Component&);
Dec make_bpe_decoder(const Component&);
Dec make_decoder_sequence(const Component&);

size_t scan_gpt2(std::string_view text, size_t begin);
size_t scan_cl100k(std::string_view text, size_t begin);
size_t scan_qwen2(std::string_view text, size_t begin);
size_t scan_o200k(std::string_view text, size_t begin);

std::span<const ModelRow> models() {
  static const ModelRow rows[] = {
      {{"bpe", "merges the pair that was merged first in training, again and again", "Sennrich et al. 2016, arXiv:1508.07909",
        "tokenizers/models/bpe.cpp"},
       "BPE",
       ModelRow::Tables::kMerges,
       make_bpe},
      {{"unigram", "the likeliest of all ways to cut a word into pieces", "Kudo 2018, arXiv:1804.10959",
        "tokenizers/models/unigram.cpp"},
       "Unigram",
       ModelRow::Tables::kScores,
       make_unigram},
      {{"word-piece", "the longest token, again and again", "Devlin et al. 2018, arXiv:1810.04805",
        "tokenizers/models/word_piece.cpp"},
       "WordPiece",
       ModelRow::Tables::kIds,
       make_word_piece},
      {{"word-level", "a word is a token or unknown", "", "tokenizers/models/word_level.cpp"},
       "WordLevel",
       ModelRow::Tables::kIds,
       make_word_level},
  };
  return rows;
}

std::span<const PostProcessorRow> post_processors() {
  static const PostProcessorRow rows[] = {
      {{"byte-level", "leaves the ids as they are", "", "tokenizers/post_processors/byte_level.cpp"},
       "ByteLevel",
       make_byte_level_post},
      {{"template-processing", "special tokens around a text, by a template", "",
        "tokenizers/post_processors/template_processing.cpp"},
       "TemplateProcessing",
       make_template_processing},
      {{"bert-processing", "[CLS] and [SEP] around a text", "Devlin et al. 2018, arXiv:1810.04805",
        "tokenizers/post_processors/cls_sep.cpp"},
       "BertProcessing",
       make_bert_processing},
      {{"roberta-processing", "<s> and </s> around a text", "Liu et al. 2019, arXiv:1907.11692",
        "tokenizers/post_processors/cls_sep.cpp"},
       "RobertaProcessing",
       make_roberta_processing},
      {{"sequence", "post-processors one after the other", "", "tokenizers/post_processors/sequence.cpp"},
       "Sequence",
       make_post_processor_sequence},
  };
  return rows;
}

std::span<const DecoderRow> decoders() {
  static const DecoderRow rows[] = {
      {{"byte-level", "stand-ins for bytes back to text", "Radford et al. 2019", "tokenizers/decoders/byte_level.cpp"},
       "ByteLevel",
       make_byte_level_decoder},
      {{"byte-fallback", "runs of <0x0A> back to text", "", "tokenizers/decoders/byte_fallback.cpp"},
       "ByteFallback",
       make_byte_fallback},
      {{"fuse", "joins all tokens into one", "", "tokenizers/decoders/fuse.cpp"}, "Fuse", make_fuse},
      {{"strip", "takes a character off the ends", "", "tokenizers/decoders/strip.cpp"}, "Strip", make_strip},
      {{"replace", "replaces a text in each token", "", "tokenizers/decoders/replace.cpp"}, "Replace", make_replace_decoder},
      {{"metaspace", "marks back to spaces", "", "tokenizers/decoders/metaspace.cpp"}, "Metaspace", make_metaspace_decoder},
      {{"word-piece", "spaces before words, none before their parts", "Devlin et al. 2018, arXiv:1810.04805",
        "tokenizers/decoders/word_piece.cpp"},
       "WordPiece",
       make_word_piece_decoder},
      {{"ctc", "equal neighbours once, without padding", "Graves et al. 2006", "tokenizers/decoders/word_piece.cpp"},
       "CTC",
       make_ctc},
      {{"bpe-decoder", "marks at the ends of words back to spaces", "Sennrich et al. 2016, arXiv:1508.07909",
        "tokenizers/decoders/bpe.cpp"},
       "BPEDecoder",
       make_bpe_decoder},
      {{"sequence", "decoders one after the other", "", "tokenizers/decoders/sequence.cpp"}, "Sequence", make_decoder_sequence},
  };
  return rows;
}

std::span<const ScannerRow> scanners() {
  static const ScannerRow rows[] = {
      {{"gpt2", "GPT-2's pattern", "Radford et al. 2019", "tokenizers/scanners/gpt2.cpp"},
       R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
       scan_gpt2},
      {{"cl100k", "the pattern of GPT-4's cl100k and of Llama 3", "Dubey et al. 2024, arXiv:2407.21783",
        "tokenizers/scanners/cl100k.cpp"},
       R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
       scan_cl100k},
      {{"qwen2", "Qwen 2's pattern: cl100k with single digits", "Yang et al. 2024, arXiv:2407.10671",
        "tokenizers/scanners/cl100k.cpp"},
       R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
       scan_qwen2},
      {{"o200k", "the pattern of GPT-4o's o200k", "", "tokenizers/scanners/o200k.cpp"},
       R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
       R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
       R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
       scan_o200k},
  };
  return rows;
}

Dec make_decoder(const Component& c) { return find_component(decoders(), c, "decoder").make(c); }
Post make_post_processor(const Component& c, int64_t vocab_size) {
  return find_component(post_processors(), c, "post-processor").make(c, vocab_size);
}

Scan find_scanner(std::string_view regex) {
  for (const ScannerRow& row : scanners())
    if (regex == row.regex) return row.scan;
  return nullptr;
}

namespace {

template <typename Row>
base::Shelf shelf(const char* name, std::span<const Row> rows) {
  return {"core/text", name, {rows.begin(), rows.end()}};
}

}  // namespace

std::vector<base::Shelf> shelves() {
  return {shelf("tokenizers/normalizers", normalizers()), shelf("tokenizers/pre_tokenizers", pre_tokenizers()),
          shelf("tokenizers/models", models()),           shelf("tokenizers/post_processors", post_processors()),
          shelf("tokenizers/decoders", decoders()),       shelf("tokenizers/scanners", scanners())};
}

}  // namespace athanor::text

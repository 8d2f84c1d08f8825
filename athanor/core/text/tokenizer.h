#pragma once
// Text <-> token ids. A tokenizer is what a `tokenizer.json` describes: normalizer -> pre-tokenizer -> model -> post-processor, and
// a decoder.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::text {

using TokenId = int32_t;

struct EncodeOptions {
  bool add_special_tokens = true;  // what the post-processor adds at the ends (<s>, [CLS] ...)
  bool parse_special = true;       // "<|endoftext|>" in the text becomes that token; false: it is plain text
  bool all_threads = false;        // a large text is cut where that changes nothing, and its parts are encoded at the same time
};

/// Decoding under way, id by id.
class TextStream {
 public:
  virtual ~TextStream() = default;
  /// Text that became certain with this token.
  virtual std::string push(TokenId id) = 0;
  /// The text that was still held back.
  virtual std::string finish() = 0;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Ids of `text`. Invalid UTF-8 is encoded as the reference library does (bytes replaced by U+FFFD where it does so).
  virtual std::vector<TokenId> encode(std::string_view text, const EncodeOptions& options = {}) const = 0;
  /// Text of `ids`. An id outside the vocabulary is an input_error.
  virtual std::string decode(std::span<const TokenId> ids, bool skip_special = false) const = 0;
  /// The bytes that one token stands for inside running text (a piece of a UTF-8 character is possible).
  virtual std::string token_bytes(TokenId id) const = 0;

  /// The token as the vocabulary spells it ("Ġthe"); "" where the id is unused.
  virtual std::string id_to_token(TokenId id) const = 0;
  virtual std::optional<TokenId> token_to_id(std::string_view token) const = 0;
  virtual bool is_special(TokenId id) const = 0;
  /// One more than the largest id.
  virtual int64_t vocab_size() const = 0;
  /// Ids below it that no token has.
  virtual std::span<const TokenId> unused_ids() const { return {}; }

  /// From tokenizer_config.json / special_tokens_map.json, or what the file says; nullopt where it says nothing.
  virtual std::optional<TokenId> bos() const = 0;
  virtual std::optional<TokenId> eos() const = 0;

  /// What StreamDecoder works with. The tokenizer makes it, because what must be held back depends on its decoder; by default it is
  /// the bytes of an unfinished UTF-8 character.
  virtual std::unique_ptr<TextStream> stream(bool skip_special) const;
  /// The tokenizer as the text of a tokenizer.json. input_error where its kind has no such form.
  virtual std::string json() const;
};

/// A folder with tokenizer.json, vocab.json and merges.txt, a SentencePiece model (tokenizer.model, spiece.model) or a tiktoken
/// file, or such a file itself. Throws file_error `[text....]` on anything malformed, input_error where the folder has no
/// tokenizer.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& path);

/// Turns a growing list of ids into text piece by piece; a UTF-8 character is never broken: bytes of an unfinished one are held
/// back. The tokenizer must outlive it.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special = true) : stream_(tokenizer.stream(skip_special)) {}
  /// Text that became certain with this token ("" while a character is unfinished). All pieces joined equal decode() of all ids.
  std::string push(TokenId id) { return stream_->push(id); }
  /// What is still held back, invalid bytes as U+FFFD.
  std::string finish() { return stream_->finish(); }

 private:
  std::unique_ptr<TextStream> stream_;
};

}  // namespace athanor::text

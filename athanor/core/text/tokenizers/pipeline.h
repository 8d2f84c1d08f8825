#pragma once
// The tokenizer that a tokenizer.json describes: added tokens -> normalizer -> pre-tokenizer -> model -> post-processor, and a
// decoder.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/core/text/tokenizers/added_tokens.h"
#include "athanor/core/text/tokenizers/decoder.h"
#include "athanor/core/text/tokenizers/model.h"
#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/post_processor.h"
#include "athanor/core/text/tokenizers/pre_tokenizer.h"

namespace athanor::text {

/// The stages; all but the model may be absent.
struct PipelineParts {
  std::unique_ptr<Normalizer> normalizer;
  std::unique_ptr<PreTokenizer> pre_tokenizer;
  std::unique_ptr<Model> model;
  std::unique_ptr<PostProcessor> post_processor;
  std::unique_ptr<Decoder> decoder;
  std::vector<AddedToken> added_tokens;        // ids agree with the model's vocabulary
  std::shared_ptr<const base::Json> document;  // tokenizer.json without the model, to write it again
};

/// What tokenizer_config.json says besides.
struct SpecialTokenNames {
  std::optional<std::string> bos, eos;
};

class Pipeline final : public Tokenizer {
 public:
  Pipeline(PipelineParts parts, const SpecialTokenNames& names);

  std::vector<TokenId> encode(std::string_view text, const EncodeOptions& options) const override;
  std::string decode(std::span<const TokenId> ids, bool skip_special) const override;
  std::string token_bytes(TokenId id) const override;
  std::string id_to_token(TokenId id) const override;
  std::optional<TokenId> token_to_id(std::string_view token) const override;
  bool is_special(TokenId id) const override;
  int64_t vocab_size() const override { return vocab_size_; }
  std::span<const TokenId> unused_ids() const override { return unused_ids_; }
  std::optional<TokenId> bos() const override { return bos_; }
  std::optional<TokenId> eos() const override { return eos_; }
  std::unique_ptr<TextStream> stream(bool skip_special) const override;
  std::string json() const override;
  /// tokenizer.json without the model.
  const base::Json& document() const { return *parts_.document; }

 private:
  friend class PipelineStream;
  class Encoder;
  struct Added {
    const AddedToken* token;
    std::string decoded;  // as the decoder sees it: in the normalized spelling
    bool skipped;         // with skip_special
  };
  const Added* added(TokenId id) const;
  bool keeps_lines_apart() const;
  std::unique_ptr<ModelState> take_state() const;
  void give_state(std::unique_ptr<ModelState> state) const;

  PipelineParts parts_;
  AddedTokenMatcher plain_, normalized_;
  std::unordered_map<TokenId, Added> added_;
  std::unordered_map<std::string, TokenId> added_ids_;
  int64_t vocab_size_;
  std::vector<TokenId> unused_ids_;
  bool lines_apart_;
  std::optional<TokenId> bos_, eos_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<ModelState>> states_;  // of calls that are over: their caches are warm
};

}  // namespace athanor::text

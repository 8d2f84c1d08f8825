#pragma once
// A tokenizer for tests: every byte is its own id, 256 is <eos>; with `bos`, 257 is <bos>.

#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {

class ByteTokenizer : public text::Tokenizer {
 public:
  explicit ByteTokenizer(bool bos = false, bool eos = true) : bos_(bos), eos_(eos) {}
  std::vector<text::TokenId> encode(std::string_view text, const text::EncodeOptions&) const override {
    std::vector<text::TokenId> ids;
    for (char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }
  std::string decode(std::span<const text::TokenId> ids, bool) const override {
    std::string text;
    for (text::TokenId id : ids) text += token_bytes(id);
    return text;
  }
  std::string token_bytes(text::TokenId id) const override { return id < 256 ? std::string(1, static_cast<char>(id)) : ""; }
  std::string id_to_token(text::TokenId id) const override { return token_bytes(id); }
  std::optional<text::TokenId> token_to_id(std::string_view) const override { return std::nullopt; }
  bool is_special(text::TokenId id) const override { return id >= 256; }
  int64_t vocab_size() const override { return bos_ ? 258 : 257; }
  std::optional<text::TokenId> bos() const override { return bos_ ? std::optional<text::TokenId>(257) : std::nullopt; }
  std::optional<text::TokenId> eos() const override { return eos_ ? std::optional<text::TokenId>(256) : std::nullopt; }

 private:
  bool bos_, eos_;
};

}  // namespace athanor::data

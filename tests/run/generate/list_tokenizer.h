#pragma once
// A tokenizer for tests: one token per text of a list.

#include <string>
#include <vector>

#include "athanor/core/text/tokenizer.h"

namespace athanor::generate {

/// Token i is the i-th text; the last is a special one. encode() takes the longest text that fits.
class ListTokenizer final : public text::Tokenizer {
 public:
  explicit ListTokenizer(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  std::vector<text::TokenId> encode(std::string_view text, const text::EncodeOptions&) const override {
    std::vector<text::TokenId> ids;
    while (!text.empty()) {
      size_t best = 0;
      for (size_t i = 1; i < pieces_.size(); ++i)
        if (text.starts_with(pieces_[i]) && (!text.starts_with(pieces_[best]) || pieces_[i].size() > pieces_[best].size()))
          best = i;
      ids.push_back(static_cast<text::TokenId>(best));
      text.remove_prefix(std::min(text.size(), std::max<size_t>(pieces_[best].size(), 1)));
    }
    return ids;
  }
  std::string decode(std::span<const text::TokenId> ids, bool) const override {
    std::string all;
    for (text::TokenId id : ids) all += token_bytes(id);
    return all;
  }
  std::string token_bytes(text::TokenId id) const override { return pieces_.at(static_cast<size_t>(id)); }
  std::string id_to_token(text::TokenId id) const override { return token_bytes(id); }
  std::optional<text::TokenId> token_to_id(std::string_view) const override { return std::nullopt; }
  bool is_special(text::TokenId id) const override { return id + 1 == vocab_size(); }
  int64_t vocab_size() const override { return static_cast<int64_t>(pieces_.size()); }
  std::optional<text::TokenId> bos() const override { return std::nullopt; }
  std::optional<text::TokenId> eos() const override { return static_cast<text::TokenId>(pieces_.size() - 1); }

 private:
  std::vector<std::string> pieces_;
};

}  // namespace athanor::generate

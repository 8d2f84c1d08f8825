#pragma once
// The bytes of all tokens that may stand in a text, as a tree in one array: a node comes before those below it, so a walk is a loop
// that jumps over what it does not need.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/text/tokenizer.h"

namespace athanor::generate {

class TokenTrie {
 public:
  /// Special tokens, those without bytes and `never` stay out.
  TokenTrie(const text::Tokenizer& tokenizer, std::span<const text::TokenId> never);
  explicit TokenTrie(std::vector<std::pair<std::string, text::TokenId>> tokens);

  struct Node {
    uint32_t end;  // the first node that is not below this one
    uint32_t first_token;
    uint16_t depth;
    uint8_t byte;
  };
  /// Node 0 is the root, of depth 0.
  std::span<const Node> nodes() const { return std::span(nodes_).first(nodes_.size() - 1); }
  const Node& node(uint32_t i) const { return nodes_[i]; }
  /// Tokens whose bytes end at node i.
  std::span<const text::TokenId> tokens_at(uint32_t i) const {
    return std::span(tokens_).subspan(nodes_[i].first_token, nodes_[i + 1].first_token - nodes_[i].first_token);
  }
  /// Bytes of the longest token.
  size_t deepest() const { return deepest_; }
  /// One more than the largest id.
  size_t id_limit() const { return id_limit_; }

 private:
  void build(std::vector<std::pair<std::string, text::TokenId>> tokens);

  std::vector<Node> nodes_;  // and one more, which ends the last token list
  std::vector<text::TokenId> tokens_;
  size_t deepest_ = 0, id_limit_ = 0;
};

}  // namespace athanor::generate

#pragma once
// Tokens that are found in the text before anything else is done to it: "<|endoftext|>", "<s>", a user's own words.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizer.h"
#include "athanor/core/text/tokenizers/component.h"

namespace athanor::text {

struct AddedToken {
  TokenId id;
  std::string content;
  bool single_word;  // only where no word character stands beside it
  bool lstrip;       // takes the white space before it along
  bool rstrip;       // and that after it
  bool normalized;   // looked for in the normalized text, by its normalized spelling
  bool special;      // can be left out when decoding
};

/// "added_tokens" of tokenizer.json; those with no content are left out, as the reference library does.
std::vector<AddedToken> read_added_tokens(const std::vector<Component>& list);

/// Finds a set of tokens in a text, leftmost first, of those the longest.
class AddedTokenMatcher {
 public:
  /// `spelling` is what to look for: the token's content, or its normalized form. Of equal ones the first counts.
  void add(const AddedToken& token, std::string_view spelling);
  bool empty() const { return nodes_.empty(); }

  /// Calls `part` for the tokens (with their token) and for the non-empty texts between them (nullptr), in order.
  /// `skip_special`: special tokens are plain text.
  void split(std::string_view text, bool skip_special,
             const std::function<void(std::string_view part, const AddedToken* token)>& part) const;

 private:
  struct Node {
    unsigned char byte;
    uint32_t first_child, next_sibling;  // 0: none
    const AddedToken* token;
  };
  struct Match {
    size_t begin, end;
    const AddedToken* token;
  };
  uint32_t child(uint32_t node, unsigned char byte) const;
  /// The first match at or after `from`; token is nullptr where there is none.
  Match find(std::string_view text, size_t from) const;

  std::vector<Node> nodes_;                 // a trie; node 0 is its root
  std::array<uint32_t, 256> first_byte_{};  // the root's children
};

}  // namespace athanor::text

#pragma once
// Merges by name become merges by id.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "athanor/core/text/tokenizers/vocabulary.h"

namespace athanor::text {

class MergeReader {
 public:
  /// Errors are file_errors of `where` ("text.tokenizer_json") that name `place` and the merge. `prefix` is the
  /// continuing_subword_prefix, which the right part loses.
  MergeReader(const Vocabulary& vocabulary, std::string_view where, std::string_view place, std::string_view prefix)
      : vocabulary_(vocabulary), where_(where), place_(place), prefix_(prefix.size()) {}

  /// Room for that many, to save growing.
  void reserve(size_t merges) { merges_.reserve(merges); }
  /// The texts must live as long as the reader: whether they are in the vocabulary is found out later, of some together.
  void add(std::string_view left, std::string_view right);
  /// "a b"; a first line "#version ..." is passed over.
  void add_line(std::string_view line);
  /// Says what is wrong with the merge that would come next.
  [[noreturn]] void refuse(std::string_view what, std::string got = {});
  std::vector<Merge> take() {
    look_up();
    return std::move(merges_);
  }

 private:
  [[noreturn]] void fail(std::string_view what, std::string got = {}) const;
  TokenId known(std::string_view token) const;
  void look_up();
  void resolve(std::string_view left, std::string_view right, TokenId a, TokenId b);

  const Vocabulary& vocabulary_;
  std::string where_, place_;
  size_t prefix_;
  std::vector<Merge> merges_;
  std::vector<std::string_view> parts_;  // left and right of those that wait
  std::vector<TokenId> ids_;
};

/// A token or line as an error shows it: its beginning, in quotes.
std::string shown(std::string_view text);

}  // namespace athanor::text

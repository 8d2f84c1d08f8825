#pragma once
// Merges by name become merges by id.

#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizers/vocabulary.h"

namespace athanor::text {

class MergeReader {
 public:
  /// Errors are file_errors of `where` ("text.tokenizer_json") that name `place` and the merge. `prefix` is the
  /// continuing_subword_prefix, which the right part loses.
  MergeReader(const Vocabulary& vocabulary, std::string_view where, std::string_view place, std::string_view prefix)
      : vocabulary_(vocabulary), where_(where), place_(place), prefix_(prefix.size()) {}

  void add(std::string_view left, std::string_view right);
  /// "a b"; a first line "#version ..." is passed over.
  void add_line(std::string_view line);
  [[noreturn]] void fail(std::string_view what, std::string got = {}) const;
  std::vector<Merge> take() { return std::move(merges_); }

 private:
  TokenId known(std::string_view token) const;

  const Vocabulary& vocabulary_;
  std::string where_, place_, joined_;
  size_t prefix_;
  std::vector<Merge> merges_;
};

/// A token or line as an error shows it: its beginning, in quotes.
std::string shown(std::string_view text);

}  // namespace athanor::text

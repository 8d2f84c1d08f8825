#pragma once
// Counts the distinct words of a text, which is all that BPE training needs to know of it.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/text/tokenizers/scanners/scanner.h"

namespace athanor::text {

/// Words in the order of their first occurrence.
class WordCounts {
 public:
  struct Word {
    std::string_view text;
    uint64_t count;
  };
  void add(std::string_view word, uint64_t count);
  const std::vector<Word>& words() const { return words_; }
  uint64_t total() const;

 private:
  struct Slot {
    uint32_t hash;
    uint32_t word;  // one more than the index, 0: free
  };
  void grow();
  std::vector<Word> words_;
  std::vector<Slot> slots_;
};

/// Texts with their names, for messages. The words are views into the texts.
struct NamedText {
  std::string_view text;
  std::string name;
};

/// The words of all texts, cut line by line (a line ends with its \n), on all threads; the result does not depend on their number.
/// file_error where a text is not UTF-8.
WordCounts count_words(const std::vector<NamedText>& texts, Scan scan);

}  // namespace athanor::text

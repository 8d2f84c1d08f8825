#pragma once
// Counts the distinct words of a text, which is all that BPE training needs to know of it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/mapped_file.h"
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

/// Files to train on, mapped as long as this lives. input_error where there are none.
class TrainingFiles {
 public:
  explicit TrainingFiles(const std::vector<std::filesystem::path>& files);
  const std::vector<NamedText>& texts() const { return texts_; }

 private:
  std::vector<base::MappedFile> mapped_;
  std::vector<NamedText> texts_;
};

/// The words of all texts, cut line by line (a line ends with its \n), on all threads; the result does not depend on their number.
/// file_error where a text is not UTF-8.
WordCounts count_words(const std::vector<NamedText>& texts, Scan scan);

}  // namespace athanor::text

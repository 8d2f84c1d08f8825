#pragma once
// How good answers of a classifier are: accuracy, F1, and which label was taken for which.

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::data {

class LabelCounts {
 public:
  explicit LabelCounts(std::vector<std::string> names);

  /// One text with one label of several.
  void add(int64_t truth, int64_t answer);
  /// One text with any number of labels: [labels] each.
  void add(const std::vector<bool>& truth, const std::vector<bool>& answer);

  int64_t texts() const { return texts_; }
  /// Part of the texts whose answer is right; with several labels, all of them.
  double accuracy() const;
  /// Mean over the labels that occur, in the truth or in an answer, of 2 TP / (2 TP + FP + FN).
  double macro_f1() const;
  /// matrix()[truth][answer]: texts; of texts with one label.
  const std::vector<std::vector<int64_t>>& matrix() const { return matrix_; }
  /// Precision, recall and F1 of every label, and up to twelve labels with one answer, the matrix: a row for each true label.
  std::string table() const;

 private:
  struct Label {
    int64_t right = 0, answered = 0, true_ = 0;
    double f1() const;
  };
  std::vector<std::string> names_;
  std::vector<Label> labels_;
  std::vector<std::vector<int64_t>> matrix_;
  int64_t texts_ = 0, right_ = 0;
  bool single_ = false;
};

}  // namespace athanor::data

#include "athanor/core/data/label_counts.h"

#include <algorithm>

#include "athanor/core/base/cat.h"

namespace athanor::data {
namespace {

constexpr size_t kMostInMatrix = 12, kNameWidth = 16;

double ratio(int64_t part, int64_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }

std::string column(std::string text, size_t width) {
  if (text.size() > width) text.resize(width);
  return std::string(width - text.size(), ' ') + text;
}

}  // namespace

LabelCounts::LabelCounts(std::vector<std::string> names)
    : names_(std::move(names)), labels_(names_.size()), matrix_(names_.size(), std::vector<int64_t>(names_.size())) {}

double LabelCounts::Label::f1() const { return ratio(2 * right, answered + true_); }

void LabelCounts::add(int64_t truth, int64_t answer) {
  single_ = true, ++texts_, right_ += truth == answer;
  ++matrix_.at(static_cast<size_t>(truth)).at(static_cast<size_t>(answer));
  ++labels_[static_cast<size_t>(truth)].true_, ++labels_[static_cast<size_t>(answer)].answered;
  labels_[static_cast<size_t>(truth)].right += truth == answer;
}

void LabelCounts::add(const std::vector<bool>& truth, const std::vector<bool>& answer) {
  ++texts_, right_ += truth == answer;
  for (size_t i = 0; i < labels_.size(); ++i)
    labels_[i].true_ += truth.at(i), labels_[i].answered += answer.at(i), labels_[i].right += truth[i] && answer[i];
}

double LabelCounts::accuracy() const { return ratio(right_, texts_); }

double LabelCounts::macro_f1() const {
  double sum = 0;
  int64_t count = 0;
  for (const Label& label : labels_)
    if (label.true_ + label.answered > 0) sum += label.f1(), ++count;
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

std::string LabelCounts::table() const {
  std::string text = column("label", kNameWidth) + "  precision  recall      F1   texts\n";
  for (size_t i = 0; i < labels_.size(); ++i) {
    const Label& label = labels_[i];
    text += base::cat(column(names_[i], kNameWidth), column(base::fixed(ratio(label.right, label.answered), 3), 11),
                      column(base::fixed(ratio(label.right, label.true_), 3), 8), column(base::fixed(label.f1(), 3), 8),
                      column(base::cat(label.true_), 8), "\n");
  }
  if (!single_ || labels_.size() > kMostInMatrix) return text;
  text += "\n" + column("true \\ answer", kNameWidth);
  for (const std::string& name : names_) text += column(name, 11);
  text += "\n";
  for (size_t i = 0; i < labels_.size(); ++i) {
    text += column(names_[i], kNameWidth);
    for (int64_t count : matrix_[i]) text += column(base::cat(count), 11);
    text += "\n";
  }
  return text;
}

}  // namespace athanor::data

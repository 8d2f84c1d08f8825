#include "athanor/core/data/prepare_labels.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/data/prepared.h"
#include "athanor/core/data/sample_packing.h"
#include "athanor/core/data/sample_preparation.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPrepareLabelsWhere = "data.labels";
constexpr int kLabelFormat = 1;  // raised when the same options would make other shards
constexpr size_t kMostLabels = 65'536;

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Numbers by size where all are, else by letter.
std::vector<std::string> in_order(const std::set<std::string>& names) {
  std::vector<std::string> sorted(names.begin(), names.end());
  if (std::all_of(sorted.begin(), sorted.end(), [](const std::string& name) { return number_of(name).has_value(); }))
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return *number_of(a) < *number_of(b); });
  return sorted;
}

/// What the labels of the files are to be, and the target of each sample.
class LabelReader {
 public:
  LabelReader(const DataOptions& options, const LabelContext& context) : options_(options) {
    targets_.names = context.names.empty() ? options.labels : context.names;
    targets_.problem = context.problem.empty() ? options.problem : context.problem;
    if (!context.names.empty() && !options.labels.empty() && context.names != options.labels)
      base::input_error(kPrepareLabelsWhere, {"data.labels are not the model's own", listed(options.labels), listed(context.names),
                                              "leave data.labels out"});
  }

  /// Looks at every row.
  void read() {
    SampleMaker maker({options_.form, options_.columns, options_.fill, {}});
    for (const auto* files : {&options_.train, &options_.eval})
      for (const fs::path file : *files) read(maker, file);
    if (targets_.problem.empty()) targets_.problem = several_ ? "multi_label_classification" : "single_label_classification";
    if (targets_.names.empty()) name_them();
    for (size_t i = 0; i < targets_.names.size(); ++i) numbers_[targets_.names[i]] = static_cast<int64_t>(i);
    if (numbers_.size() != targets_.names.size())
      base::input_error(kPrepareLabelsWhere, {"data.labels names a label twice", listed(targets_.names)});
    for (const std::vector<std::string>& labels : seen_) number(labels);
  }

  const LabelTargets& targets() const { return targets_; }
  int64_t target(const Sample& sample) const { return codes_.at(sample.labels); }
  int64_t target_count() const {
    return static_cast<int64_t>(targets_.values.empty() ? targets_.names.size() : targets_.values.size());
  }

 private:
  static std::string listed(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names)
      if (list.size() < 100) list += (list.empty() ? "" : ", ") + name;
    return list;
  }

  void read(SampleMaker& maker, const fs::path& file) {
    const std::string name = file.filename().string();
    const auto reader = open_rows(file);
    std::set<std::string> unfilled;
    bool first = true;
    for (RawRow row; reader->next(row); first = false) {
      base::Json value = reader->parse(row);
      if (first) {
        const SampleForm& form = maker.begin(value, name, row.line);
        if (form.name != std::string_view("classification"))
          base::input_error(kPrepareLabelsWhere, {base::cat(name, " holds samples of the form ", form.name), form.columns,
                                                  "text, label", "data.columns {label: name here}"});
      }
      const Sample sample = maker.make(std::move(value), name, row.line, unfilled);
      several_ |= sample.several;
      seen_.insert(sample.labels);
    }
  }

  /// The classes that the files show, or the numbers' places.
  void name_them() {
    std::set<std::string> names;
    size_t width = 0;
    for (const auto& labels : seen_) names.insert(labels.begin(), labels.end()), width = std::max(width, labels.size());
    if (targets_.problem == "regression") {
      for (size_t i = 0; i < width; ++i) targets_.names.push_back(base::cat("LABEL_", i));
    } else {
      targets_.names = in_order(names);
    }
    const size_t least = targets_.problem == "single_label_classification" ? 2 : 1;
    if (targets_.names.size() < least || targets_.names.size() > kMostLabels)
      base::input_error(
          kPrepareLabelsWhere,
          {"too few labels to learn from, or too many", base::cat(targets_.names.size(), ": ", listed(targets_.names)),
           base::cat(least, " to ", kMostLabels), "problem: regression where they are numbers to estimate"});
  }

  int64_t class_of(const std::string& label) const {
    const auto found = numbers_.find(label);
    if (found == numbers_.end())
      base::input_error(kPrepareLabelsWhere, {"a label that is none of those to learn", label, listed(targets_.names),
                                              base::nearest_name(label, targets_.names)});
    return found->second;
  }

  void number(const std::vector<std::string>& labels) {
    const size_t count = targets_.names.size();
    if (targets_.problem == "single_label_classification") {
      if (labels.size() != 1)
        base::input_error(kPrepareLabelsWhere, {"a text with other than one label", listed(labels), "one of several",
                                                "problem: multi_label_classification"});
      codes_[labels] = class_of(labels.front());
      return;
    }
    std::vector<float> row(count);
    if (targets_.problem == "regression") {
      if (labels.size() != count) base::input_error(kPrepareLabelsWhere, {"numbers to estimate", listed(labels), base::cat(count)});
      for (size_t i = 0; i < count; ++i) {
        const auto number = number_of(labels[i]);
        if (!number) base::input_error(kPrepareLabelsWhere, {"a label is no number, which regression needs", labels[i]});
        row[i] = static_cast<float>(*number);
      }
    } else {
      for (const std::string& label : labels) row[static_cast<size_t>(class_of(label))] = 1;
    }
    codes_[labels] = static_cast<int64_t>(targets_.values.size());
    targets_.values.push_back(std::move(row));
  }

  const DataOptions& options_;
  LabelTargets targets_;
  bool several_ = false;
  std::set<std::vector<std::string>> seen_;
  std::map<std::string, int64_t> numbers_;
  std::map<std::vector<std::string>, int64_t> codes_;
};

EncodedSample encode_labelled(const Sample& sample, const LabelReader& labels, const LabelContext& context,
                              std::atomic<int64_t>& cut) {
  EncodedSample out;
  out.ids = context.samples.tokenizer.encode(sample.text);
  // Cut first: what ends a cut text may be padding too.
  if (static_cast<int64_t>(out.ids.size()) > context.samples.length) {
    out.ids.resize(static_cast<size_t>(context.samples.length));
    ++cut;
  }
  while (out.ids.size() > 1 && out.ids.back() == context.pad_id) out.ids.pop_back();
  if (out.ids.empty()) return out;
  out.ids.push_back(static_cast<text::TokenId>(labels.target(sample)));
  out.learned.assign(out.ids.size(), 0);
  out.learned.back() = 1;
  out.learned_bytes = static_cast<int64_t>(sample.text.size());
  return out;
}

}  // namespace

PreparedData prepare_labels(const DataOptions& options, const LabelContext& context, const fs::path& folder) {
  check(options);
  total_bytes(options);  // every file is there before the first is read
  base::Json key = key_of_files(options);
  key["labelled"] = kLabelFormat, key["length"] = context.samples.length, key["pad"] = context.pad_id;
  key["tokenizer"] = base::hash_hex(context.samples.tokenizer_hash), key["names"] = context.names, key["own"] = context.problem;
  return prepared_once(folder, base::hash64(key.dump()), wants_eval(options), [&](const fs::path& train, const fs::path& eval) {
    LabelReader labels(options, context);
    labels.read();
    std::atomic<int64_t> cut{0};
    const auto encode = [&](const Sample& sample) { return encode_labelled(sample, labels, context, cut); };
    const int64_t codes = 2 * std::max(context.samples.tokenizer.vocab_size(), labels.target_count());
    DataReport report = make_sample_shards({options, context.samples, encode, codes}, train, eval);
    report.labels = labels.targets();
    for (auto& [step, count] : report.cleaning)
      if (step == "cut-to-length") count = cut;  // of both parts: the shards see texts of the right length
    return report;
  });
}

}  // namespace athanor::data

// athanor classify: what a classifier says of texts, and how often it is right.

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "app/cli/commands.h"
#include "app/cli/model.h"
#include "app/cli/output.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/data/label_counts.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/source.h"
#include "athanor/core/models/labels.h"

namespace athanor::app {
namespace {

struct Arguments {
  ModelArguments model;
  std::string text, file;
  int64_t limit = 0;
  bool json = false;
};

/// A model with its labels, text by text.
class Classifier {
 public:
  Classifier(const ModelArguments& arguments, const std::string& dtype)
      : model_(open_model(arguments, dtype)), tokenizer_(model_.tokenizer()), session_(model_.engine) {
    const auto labels = models::labels_of(*model_.folder.config);
    if (!labels)
      base::input_error("cli.classify",
                        {"the model has no labels", arguments.model, "a classifier", "a recipe with stage: classify makes one"});
    labels_ = *labels;
  }

  const models::Labels& labels() const { return labels_; }
  bool single() const { return labels_.problem == "single_label_classification"; }
  bool regression() const { return labels_.problem == "regression"; }

  /// Probabilities of the labels (of each by itself where several may hold), or the numbers of a regression.
  std::vector<double> answer(const std::string& text) {
    std::vector<text::TokenId> ids = tokenizer_->encode(text);
    const auto room = static_cast<size_t>(session_.room() + session_.length());
    if (ids.size() > room) ids.resize(room), ++cut_;
    if (ids.empty()) base::input_error("cli.classify", {"an empty text has no label", "", "at least one token"});
    ids.resize(models::classified_length(ids, models::pad_id_of(*model_.folder.config)));
    const std::vector<float> scores = session_.label_scores(ids);
    std::vector<double> values(scores.begin(), scores.end());
    if (regression()) return values;
    const double largest = *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (double& value : values) {
      value = single() ? std::exp(value - largest) : 1 / (1 + std::exp(-value));
      sum += value;
    }
    if (single())
      for (double& value : values) value /= sum;
    return values;
  }

  /// The labels that the answer means.
  std::vector<std::string> names(const std::vector<double>& values) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < values.size(); ++i)
      if (single() ? i == best(values) : values[i] > 0.5) names.push_back(labels_.names[i]);
    return names;
  }
  static size_t best(const std::vector<double>& values) {
    return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  }
  int64_t cut() const { return cut_; }

 private:
  RunningModel model_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  engine::Session session_;
  models::Labels labels_;
  int64_t cut_ = 0;
};

base::Json answer_json(const Classifier& classifier, const std::vector<double>& values) {
  base::Json numbers = base::Json::object();
  for (size_t i = 0; i < values.size(); ++i) numbers[classifier.labels().names[i]] = values[i];
  if (classifier.regression()) return {{"numbers", numbers}};
  const std::vector<std::string> names = classifier.names(values);
  if (classifier.single()) return {{"label", names.front()}, {"probabilities", numbers}};
  return {{"labels", names}, {"probabilities", numbers}};
}

int one_text(const Arguments& a, Classifier& classifier) {
  const std::vector<double> values = classifier.answer(a.text);
  if (a.json) {
    print_json(answer_json(classifier, values));
    return 0;
  }
  std::vector<size_t> order(values.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (!classifier.regression())
    std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) { return values[x] > values[y]; });
  std::string text;
  for (size_t i : order) text += base::cat(classifier.labels().names[i], "  ", base::fixed(values[i], 4), "\n");
  print(text);
  return 0;
}

/// A file of rows: with labels, how often they are met; without, an answer for each.
class Rows {
 public:
  Rows(const Arguments& a, Classifier& classifier) : a_(a), classifier_(classifier), counts_(classifier.labels().names) {}

  int run() {
    const std::string name = std::filesystem::path(a_.file).filename().string();
    const auto reader = data::open_rows(a_.file);
    data::SampleMaker maker({});
    std::set<std::string> unfilled;
    for (data::RawRow row; reader->next(row) && (a_.limit == 0 || texts_ < a_.limit) && !base::stop_requested(); ++texts_) {
      base::Json value = reader->parse(row);
      if (texts_ == 0) begin(maker.begin(value, name, row.line).name);
      add(maker.make(std::move(value), name, row.line, unfilled));
    }
    return finish();
  }

 private:
  void begin(std::string_view form) {
    labelled_ = form == "classification";
    if (!labelled_ && form != "text")
      base::input_error("cli.classify", {"rows are of another form", std::string(form), "text, or text and label"});
  }

  void add(const data::Sample& sample) {
    const std::vector<double> values = classifier_.answer(sample.text);
    if (!labelled_) {
      base::Json answer = answer_json(classifier_, values);
      if (!a_.json) print(base::cat(answer.dump(), "\n"));
      if (a_.json) answers_.push_back(std::move(answer));
      return;
    }
    if (classifier_.regression()) {
      for (size_t i = 0; i < values.size(); ++i)
        error_ += std::abs(values[i] - std::stod(sample.labels.at(i))) / static_cast<double>(values.size());
    } else if (classifier_.single()) {
      counts_.add(class_of(sample.labels.at(0)), static_cast<int64_t>(Classifier::best(values)));
    } else {
      std::vector<bool> truth(values.size()), answer(values.size());
      for (const std::string& label : sample.labels) truth[static_cast<size_t>(class_of(label))] = true;
      for (size_t i = 0; i < values.size(); ++i) answer[i] = values[i] > 0.5;
      counts_.add(truth, answer);
    }
  }

  int64_t class_of(const std::string& label) const {
    const auto& names = classifier_.labels().names;
    const auto found = std::find(names.begin(), names.end(), label);
    if (found == names.end())
      base::input_error("cli.classify", {"a label that the model does not have", label, "", base::nearest_name(label, names)});
    return found - names.begin();
  }

  int finish() {
    if (texts_ == 0) base::input_error("cli.classify", {"the file holds no text", a_.file});
    base::Json json = {{"task", "classify"}, {"texts", texts_}, {"cut", classifier_.cut()}};
    std::string text;
    if (!labelled_) {
      json["answers"] = answers_;
    } else if (classifier_.regression()) {
      json["value"] = json["mean_absolute_error"] = error_ / static_cast<double>(texts_);
      text = base::cat("mean absolute error  ", base::fixed(json["value"].get<double>(), 4), "\n");
    } else {
      json["value"] = json["accuracy"] = counts_.accuracy();
      json["macro_f1"] = counts_.macro_f1();
      json["labels"] = classifier_.labels().names;
      if (classifier_.single()) json["confusion"] = counts_.matrix();
      text = base::cat("accuracy  ", base::fixed(counts_.accuracy(), 4), "\nmacro F1  ", base::fixed(counts_.macro_f1(), 4), "\n\n",
                       counts_.table());
    }
    if (a_.json)
      print_json(json);
    else
      print(text);
    return 0;
  }

  const Arguments& a_;
  Classifier& classifier_;
  data::LabelCounts counts_;
  base::Json answers_ = base::Json::array();
  int64_t texts_ = 0;
  double error_ = 0;
  bool labelled_ = false;
};

int run(const Arguments& a, const Invocation& call) {
  if (a.text.empty() == a.file.empty())
    base::input_error("cli.classify", {"one text, or a file of them", "", "--text TEXT, or FILE (.jsonl, .json, .csv, .tsv)"});
  Classifier classifier(a.model, call.everywhere.dtype);
  return a.file.empty() ? one_text(a, classifier) : Rows(a, classifier).run();
}

}  // namespace

Run declare_classify(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  declare_model(flags, a->model);
  flags.positional("FILE", a->file, "rows of text, or of text and label", false);
  flags.text("--text", a->text, {.help = "one text"});
  flags.integer("--limit", a->limit, {"rows that are read; 0: all", 0, 1e12});
  flags.flag("--json", a->json, "one JSON object");
  return [a](const Invocation& call) { return run(*a, call); };
}

}  // namespace athanor::app

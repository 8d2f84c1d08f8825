// athanor data show: what training on samples, or with --documents on text, would read.

#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/gguf_tokenizer.h"
#include "app/cli/output.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/document_survey.h"
#include "athanor/core/data/sample_survey.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::app {
namespace {

struct Arguments {
  std::string what, model;
  std::vector<std::string> files, settings;
  int64_t length = 512;
  data::SurveyOptions survey;
  bool documents = false, json = false;
};

data::DataOptions data_options(const Arguments& a) {
  base::Node tree;
  tree.kind = base::Node::Kind::kMap;
  for (const std::string& setting : a.settings) {
    const size_t at = setting.find('=');
    if (at == std::string::npos || at == 0)
      base::input_error("cli.data", {"--set takes key=value", setting, "a name of a recipe's data: form=alpaca, fill.name=Ada"});
    tree.assign(setting.substr(0, at), setting.substr(at + 1));
  }
  data::DataOptions options;
  base::read_options(tree, options, "cli.data");
  options.train = a.files;
  return options;
}

/// The bytes of each token, the learned ones marked. A character that is half learned shows as U+FFFD on both sides.
std::string marked_text(const data::EncodedSample& sample, const text::Tokenizer& tokenizer, bool colour) {
  const char* const open = colour ? "\033[32m" : "⟦";
  const char* const close = colour ? "\033[0m" : "⟧";
  std::string text;
  bool inside = false;
  for (size_t i = 0; i < sample.ids.size(); ++i) {
    if (const bool learned = sample.learned[i] != 0; learned != inside) text += learned ? open : close, inside = learned;
    text += tokenizer.token_bytes(sample.ids[i]);
  }
  return text + (inside ? close : "") + "\n";
}

int32_t quantile(const std::vector<int32_t>& ascending, double part) {
  return ascending.empty() ? 0 : ascending[static_cast<size_t>(part * static_cast<double>(ascending.size() - 1))];
}

std::string cleaning_text(const std::vector<data::StepReport>& steps) {
  std::string text;
  for (const data::StepReport& step : steps) {
    if (step.count == 0) continue;
    text += base::cat("cleaning    ", step.step, ": ", step.count, ", ", step.bytes, " bytes less\n");
    for (const std::string& example : step.examples) text += base::cat("              ", example, "\n");
  }
  return text;
}

base::Json cleaning_json(const std::vector<data::StepReport>& steps) {
  base::Json json = base::Json::object();
  for (const data::StepReport& step : steps)
    if (step.count > 0) json[step.step] = {{"count", step.count}, {"bytes", step.bytes}, {"examples", step.examples}};
  return json;
}

std::string numbers_text(const data::Survey& s, const Arguments& a) {
  std::string text = base::cat("samples     ", s.lengths.size(), ", and ", s.duplicates, " exact duplicates\n");
  text += base::cat("tokens      median ", quantile(s.lengths, 0.5), ", 90 % below ", quantile(s.lengths, 0.9), ", 99 % below ",
                    quantile(s.lengths, 0.99), ", longest ", quantile(s.lengths, 1), "\n");
  if (s.tokens > 0 && s.labels.empty())
    text += base::cat("learned     ", base::fixed(100.0 * static_cast<double>(s.learned) / static_cast<double>(s.tokens), 1),
                      " % of all tokens\n");
  text += base::cat("length ", a.length, "  ", s.cut, " would be cut, ", s.answer_cut_away,
                    " dropped because their answer is cut away\n");
  if (s.no_answer > 0) text += base::cat("no answer   ", s.no_answer, " hold nothing to learn and would be dropped\n");
  for (const auto& [label, count] : s.labels) text += base::cat("label ", label, "  ", count, "\n");
  if (s.labels.empty()) text += data::start_hint(static_cast<int64_t>(s.lengths.size())) + "\n";
  for (const std::string& name : s.unfilled) text += base::cat("not filled  {{", name, "}}; --set fill.", name, "=TEXT\n");
  return text;
}

std::string show_text(const data::Survey& s, const Arguments& a, const text::Tokenizer& tokenizer) {
  std::string text;
  for (const auto& file : s.files)
    text += base::cat(file.name, "  ", file.format, ", form ", file.form, " (", file.columns, "), ", file.rows, " rows",
                      file.whole ? "" : " looked at", "\n");
  text += base::cat("template    ", s.chat_template.empty() ? std::string("none: texts as they stand") : s.chat_template, "\n");
  const char* const names[] = {"chosen", "rejected"};
  for (size_t i = 0; i < s.shown.size(); ++i) {
    text += base::cat("\nsample ", a.survey.sample, s.shown.size() > 1 ? base::cat(", ", names[i]) : std::string(),
                      ", learned part ", is_terminal(STDOUT_FILENO) ? "in green" : "in ⟦ ⟧", ":\n");
    text += marked_text(s.shown[i], tokenizer, is_terminal(STDOUT_FILENO));
  }
  return text + "\n" + numbers_text(s, a);
}

base::Json as_json(const data::Survey& s, const Arguments& a, const text::Tokenizer& tokenizer) {
  base::Json json = {{"files", base::Json::array()}, {"template", s.chat_template}, {"samples", s.lengths.size()}};
  for (const auto& file : s.files)
    json["files"].push_back(
        {{"file", file.name}, {"format", file.format}, {"form", file.form}, {"rows", file.rows}, {"whole", file.whole}});
  json["tokens"] = {{"all", s.tokens},
                    {"learned", s.learned},
                    {"median", quantile(s.lengths, 0.5)},
                    {"p90", quantile(s.lengths, 0.9)},
                    {"p99", quantile(s.lengths, 0.99)},
                    {"longest", quantile(s.lengths, 1)}};
  json["length"] = a.length, json["cut"] = s.cut, json["answer_cut_away"] = s.answer_cut_away, json["no_answer"] = s.no_answer;
  json["duplicates"] = s.duplicates, json["labels"] = s.labels, json["unfilled"] = s.unfilled;
  json["cleaning"] = cleaning_json(s.cleaning);
  json["shown"] = base::Json::array();
  for (const data::EncodedSample& sample : s.shown)
    json["shown"].push_back({{"text", marked_text(sample, tokenizer, false)}, {"ids", sample.ids}, {"learned", sample.learned}});
  return json;
}

int show_documents(const Arguments& a, const data::DataOptions& options, const text::Tokenizer& tokenizer) {
  const data::DocumentSurvey s = data::survey_documents(options, tokenizer, a.survey.sample);
  if (a.json) {
    print_json({{"read", s.read},
                {"documents", s.documents},
                {"bytes", s.bytes},
                {"tokens", s.tokens},
                {"longest", s.longest},
                {"cleaning", cleaning_json(s.cleaning)},
                {"shown", data::escaped_excerpt(s.shown, s.shown.size())}});
    return 0;
  }
  std::string text = base::cat("documents   ", s.documents, " of ", s.read, ", ", base::human_bytes(static_cast<double>(s.bytes)),
                               ", ", s.tokens, " tokens, the longest ", s.longest, "\n");
  print(text + cleaning_text(s.cleaning) + "\n" + s.shown + (s.shown.ends_with('\n') ? "" : "\n"));
  return 0;
}

int run(const Arguments& a) {
  if (a.what != "show") base::input_error("cli.data", {"what is to be done?", a.what, "show"});
  data::SurveyOptions options = a.survey;
  options.data = data_options(a);
  const auto tokenizer = open_tokenizer(a.model);
  if (a.documents) return show_documents(a, options.data, *tokenizer);
  const data::Survey survey = data::survey_samples(options, {*tokenizer, 0, a.model, a.length, gguf_chat_template(a.model)});
  if (survey.shown.empty() && !survey.lengths.empty())
    base::input_error("cli.data", {"there is no such sample", base::cat(a.survey.sample),
                                   base::cat("1 to ", survey.lengths.size() + static_cast<size_t>(survey.duplicates))});
  if (a.json)
    print_json(as_json(survey, a, *tokenizer));
  else
    print(show_text(survey, a, *tokenizer));
  return 0;
}

}  // namespace

Run declare_data(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  flags.positional("ACTION", a->what, "show");
  flags.positionals("FILE", a->files, "files of samples: .jsonl, .json, .csv, .tsv, also .gz and .zst; with --documents text, too");
  flags.text("--model -m", a->model,
             {.help = "a model folder, a GGUF file or a tokenizer: what samples become tokens by", .required = true});
  flags.integer("--length", a->length, {"tokens of a training row (train.length)", 1, 1e6});
  flags.integer("--sample", a->survey.sample, {"which one is shown, from 1", 1, 1e12});
  flags.integer("--limit", a->survey.limit, {"rows of each file that are looked at; 0: all", 0, 1e12});
  flags.texts("--set", a->settings, {"an option of a recipe's data: form=alpaca, template=chatml, fill.name=Ada"});
  flags.flag("--documents", a->documents, "the files hold documents, as pretraining reads them");
  flags.flag("--json", a->json, "one JSON object");
  return [a](const Invocation&) { return run(*a); };
}

}  // namespace athanor::app

#include "athanor/core/data/prepare_samples.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/log.h"
#include "athanor/core/data/prepared.h"
#include "athanor/core/data/sample_shard_maker.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

constexpr int kSampleFormat = 1;  // raised when the same options would make other shards

/// The form of a file's rows; null where it has none.
const SampleForm* form_of(SampleMaker& maker, const fs::path& file) {
  const auto reader = open_rows(file);
  RawRow first;
  if (!reader->next(first)) return nullptr;
  return &maker.begin(reader->parse(first), file.filename().string(), first.line);
}

void refuse_other_kinds(const SampleForm& form, const fs::path& file) {
  for (const char* other : {"preference", "feedback", "classification"})
    if (form.name == std::string_view(other))
      base::input_error("data.samples",
                        {base::cat(file.filename().string(), " holds samples of the form ", other), form.columns,
                         "dialogues, instructions, prompts with completions, or texts", "data.form or data.columns"});
}

int64_t count_rows(const fs::path& file) {
  const auto reader = open_rows(file);
  int64_t count = 0;
  for (RawRow row; reader->next(row);) ++count;
  return count;
}

/// Makes both shards; train takes the first rows of a file and eval the last `holdout` of them.
class Preparation {
 public:
  Preparation(const DataOptions& options, const SampleContext& context, const SampleRenderer& renderer, const fs::path& train,
              const fs::path& eval)
      : options_(options),
        maker_({options.form, options.columns, options.fill, options.augment}),
        plain_maker_({options.form, options.columns, options.fill, {}}),
        progress_("tokenizing", total_bytes(options) * static_cast<uint64_t>(options.augment.passes), "B"),
        train_({train, options.clean, true, context.length, context.tokenizer_hash}, renderer, context.tokenizer, progress_),
        eval_({eval, options.clean, false, context.length, context.tokenizer_hash}, renderer, context.tokenizer, progress_) {}

  DataReport run() {
    for (int64_t pass = 0; pass < options_.augment.passes; ++pass) {
      train_.begin_pass(pass);
      for (const fs::path file : options_.train) {
        const int64_t rows = options_.holdout > 0 ? count_rows(file) : 0;
        const auto held_out = static_cast<int64_t>(std::ceil(options_.holdout * static_cast<double>(rows)));
        read(file, options_.holdout > 0 ? rows - held_out : std::numeric_limits<int64_t>::max(), pass);
      }
    }
    for (const fs::path file : options_.eval) read(file, 0, 0);
    train_.commit();
    if (train_.samples() == 0)
      base::input_error("data.samples", {"the training files hold no sample that can be learned", tell(train_)});
    if (wants_eval(options_)) {
      eval_.commit();
      if (eval_.samples() == 0) base::input_error("data.samples", {"the held-out part holds no sample", tell(eval_)});
    }
    progress_.finish();
    warn_of_unfilled();
    DataReport report;
    report.documents = train_.samples(), report.bytes = train_.bytes(), report.tokens = train_.tokens();
    report.eval_documents = eval_.samples(), report.eval_bytes = eval_.bytes(), report.eval_tokens = eval_.tokens();
    report.learned_tokens = train_.learned_tokens();
    train_.report(report);
    return report;
  }

 private:
  /// Held-out samples are written once, and as they are.
  void read(const fs::path& file, int64_t train_rows, int64_t pass) {
    const std::string name = file.filename().string();
    const auto reader = open_rows(file);
    train_.begin_file(*reader, maker_, name);
    eval_.begin_file(*reader, plain_maker_, name);
    int64_t index = 0;
    for (RawRow row; reader->next(row); ++index) {
      if (index == 0)
        for (SampleMaker* maker : {&maker_, &plain_maker_}) maker->begin(reader->parse(row), name, row.line);
      if (index < train_rows)
        train_.add(row);
      else if (pass == 0)
        eval_.add(row);
    }
    for (SampleShardMaker* part : {&train_, &eval_}) part->end_file();
  }

  static std::string tell(const SampleShardMaker& part) {
    std::string text;
    DataReport report;
    part.report(report);
    for (const auto& [what, count] : report.cleaning)
      if (count > 0) text += base::cat(text.empty() ? "" : ", ", what, ": ", count);
    return text;
  }

  void warn_of_unfilled() const {
    std::set<std::string> names = train_.unfilled();
    names.insert(eval_.unfilled().begin(), eval_.unfilled().end());
    std::string list;
    for (const std::string& name : names)
      if (list.size() < 200) list += base::cat(list.empty() ? "" : ", ", "{{", name, "}}");
    if (!list.empty()) base::log_warning(base::cat("samples hold ", list, " as it stands; data.fill {name: text} fills it"));
  }

  const DataOptions& options_;
  SampleMaker maker_, plain_maker_;
  base::Progress progress_;
  SampleShardMaker train_, eval_;
};

}  // namespace

PreparedData prepare_samples(const DataOptions& options, const SampleContext& context, const fs::path& folder) {
  check(options);
  total_bytes(options);  // every file is there before the first is read
  SampleMaker maker({options.form, options.columns, options.fill, {}});
  std::vector<const SampleForm*> forms;
  for (const auto* files : {&options.train, &options.eval})
    for (const fs::path file : *files)
      if (const SampleForm* form = form_of(maker, file)) {
        refuse_other_kinds(*form, file);
        forms.push_back(form);
      }
  const TemplateChoice choice =
      choose_template(options.chat_template, context.tokenizer_folder, context.tokenizer, forms, context.own_template);
  const SampleRenderer renderer(context.tokenizer, choice, context.tokenizer_folder, options.learn == "last");
  base::Json key = key_of_files(options);
  key["samples"] = kSampleFormat, key["length"] = context.length, key["template_source"] = choice.source;
  key["tokenizer"] = base::hash_hex(context.tokenizer_hash);
  PreparedData data = prepared_once(
      folder, base::hash64(key.dump()), wants_eval(options),
      [&](const fs::path& train, const fs::path& eval) { return Preparation(options, context, renderer, train, eval).run(); });
  if (!choice.from_model) data.chat_template = choice.source;
  std::optional<text::TokenId> end = context.tokenizer.eos();
  if (renderer.chat())
    if (const auto special = turn_end(*renderer.chat(), context.tokenizer)) end = special;
  data.turn_end = end.value_or(-1);
  return data;
}

}  // namespace athanor::data

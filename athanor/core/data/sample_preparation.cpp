#include "athanor/core/data/sample_preparation.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/data/prepared.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

int64_t count_rows(const fs::path& file) {
  const auto reader = open_rows(file);
  int64_t count = 0;
  for (RawRow row; reader->next(row);) ++count;
  return count;
}

/// Makes both shards; train takes the first rows of a file and eval the last `holdout` of them.
class ShardPreparation {
 public:
  ShardPreparation(const SamplePreparation& p, const fs::path& train, const fs::path& eval)
      : options_(p.options),
        maker_({p.options.form, p.options.columns, p.options.fill, p.options.augment}),
        plain_maker_({p.options.form, p.options.columns, p.options.fill, {}}),
        progress_("tokenizing", total_bytes(p.options) * static_cast<uint64_t>(p.options.augment.passes), "B"),
        train_(shard_options(p, train, true), p.encode, progress_),
        eval_(shard_options(p, eval, false), p.encode, progress_) {}

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
  static SampleShardOptions shard_options(const SamplePreparation& p, const fs::path& path, bool may_drop) {
    return {path, p.options.clean, may_drop, p.context.length, p.codes, p.context.tokenizer_hash};
  }

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

const SampleForm* form_of(SampleMaker& maker, const fs::path& file) {
  const auto reader = open_rows(file);
  RawRow first;
  if (!reader->next(first)) return nullptr;
  return &maker.begin(reader->parse(first), file.filename().string(), first.line);
}

DataReport make_sample_shards(const SamplePreparation& preparation, const fs::path& train, const fs::path& eval) {
  return ShardPreparation(preparation, train, eval).run();
}

}  // namespace athanor::data

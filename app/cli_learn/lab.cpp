// athanor lab: lists the experiments, or runs one and writes its answer.

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/program.h"
#include "app/cli/share.h"
#include "app/cli/stopwatch.h"
#include "app/cli/table.h"
#include "app/cli_learn/learn_commands.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/log.h"
#include "lab/experiment.h"
#include "lab/lab.h"

namespace athanor::app {
namespace {

namespace fs = std::filesystem;
using base::cat;

/// Of all that many runs say of themselves, only how far the experiment is.
class OnlyTheLab final : public base::ProgressSink {
 public:
  explicit OnlyTheLab(base::ProgressSink* sink) : sink_(sink) { base::set_progress_sink(this); }
  OnlyTheLab(const OnlyTheLab&) = delete;
  OnlyTheLab& operator=(const OnlyTheLab&) = delete;
  ~OnlyTheLab() override { base::set_progress_sink(sink_); }
  void update(std::string_view line, double fraction) override {
    if (sink_ != nullptr && line.starts_with("lab ")) sink_->update(line, fraction);
  }
  void finish(std::string_view line) override {
    if (sink_ != nullptr && line.starts_with("lab ")) sink_->finish(line);
  }

 private:
  base::ProgressSink* sink_;
};

int list_experiments(bool json) {
  base::Json list = base::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const lab::Experiment& e : lab::experiments()) {
    list.push_back(
        {{"name", e.name}, {"question", e.sentence}, {"says", e.says}, {"prediction", e.prediction}, {"minutes", e.minutes}});
    rows.push_back({e.name, e.sentence, cat("about ", e.minutes, " min")});
  }
  if (json)
    print_json({{"experiments", list}});
  else
    print(text_table(rows) + "\nathanor lab NAME runs one; the times are for two quiet cores and three seeds\n");
  return 0;
}

lab::LabOptions options_of(const LabArguments& a, const Everywhere& everywhere) {
  lab::LabOptions options;
  options.out = a.out.empty() ? "lab-" + a.name : a.out;
  options.seeds = a.seeds, options.quick = a.quick;
  options.general = a.general, options.domain = a.domain;
  options.threads = everywhere.threads;
  const fs::path readme = share_file("assets/corpus/README.md");
  if (readme.empty() && (a.general.empty() || a.domain.empty()))
    base::file_error("cli.lab",
                     {"the bundled texts are not there", "", "", "ATHANOR_SHARE=<the source tree>, or --general and --domain"});
  options.bundled = readme.parent_path();
  if (fs::exists(options.out) && !fs::is_empty(options.out) && !fs::exists(options.out / lab::kMarker))
    base::input_error("cli.lab", {"the folder holds something else", options.out.string(), "a new folder, or one of an earlier lab",
                                  "another --out"});
  return options;
}

lab::Answer answer_of(const lab::Experiment& experiment, const lab::LabOptions& options) {
  const Stopwatch watch;
  lab::Lab room(experiment.name, options);
  lab::Answer answer = experiment.run(room);
  answer.setting.emplace_back(
      "time", cat(base::fixed(watch.seconds() / 60, 1), " minutes", options.quick ? ", quick: the numbers mean nothing" : ""));
  return answer;
}

}  // namespace

int lab_command(const LabArguments& a, const Invocation& call) {
  if (a.name.empty()) return list_experiments(a.json);
  const lab::Experiment& experiment = base::find_row(lab::experiments(), a.name, "cli.lab");
  const lab::LabOptions options = options_of(a, call.everywhere);
  base::log_info(cat(experiment.name, ": ", experiment.sentence));
  const OnlyTheLab progress(call.progress);
  if (call.everywhere.log_level == "info") set_log("warning");  // what each of many runs says of itself
  try {
    const lab::Answer answer = answer_of(experiment, options);
    lab::write_answer(options.out, experiment, answer);
    if (a.json)
      print_json(lab::answer_json(experiment, answer));
    else
      print(cat(lab::answer_text(answer), "\n", (options.out / "report.html").string(), "\n"));
  } catch (const lab::Stopped&) {
    set_log(call.everywhere.log_level);
    base::log_info("stopped; an experiment begins anew each time");
  }
  return 0;
}

}  // namespace athanor::app

#pragma once
// Where the numbers of a run go: out/train.log (a JSON line each), TensorBoard, the history of this machine, the progress line.

#include <memory>
#include <optional>
#include <string>

#include "athanor/core/base/progress.h"
#include "athanor/core/history/history.h"
#include "athanor/learn/train/tfevents.h"
#include "athanor/learn/train/trainer_state.h"

namespace athanor::train {

struct RunLogOptions {
  std::filesystem::path folder;
  std::string stage, recipe;
  int64_t steps = 0;
  base::ProgressSink* progress = nullptr;
  bool history = true;  // also in history::default_path()
};

class RunLog {
 public:
  /// `state.log` is what the run has logged so far: train.log is written anew with it, so that it holds each step once after a
  /// resume. A history that cannot be written is a warning, not the end of the run.
  RunLog(const RunLogOptions& options, const TrainerState& state);
  /// `elapsed_s`: seconds of training so far.
  void add(const LogEntry& entry, double elapsed_s);
  /// What the model wrote, into the history.
  void add_samples(int64_t step, const std::vector<std::string>& prompts, const std::vector<std::string>& texts);
  /// "step 120/1000 loss 2.31 lr 1e-4 tok/s 8.1k eta 0:42"; `left_s` < 0: unknown.
  void progress(const TrainerState& state, const LogEntry::Training& newest, double left_s);
  /// status: finished, stopped, failed.
  void finish(std::string_view status, std::string_view line);

 private:
  void to_history(const LogEntry& entry, double elapsed_s);
  void without_history(const std::exception& error);
  RunLogOptions options_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  EventFile events_;
  std::optional<history::History> history_;
  int64_t run_ = 0;
};

/// 0:42, 12:05, 3:07:59.
std::string clock_text(double seconds);

}  // namespace athanor::train

#pragma once
// What was run on this machine, with its curves: one SQLite file (WAL, so that a reader never waits for a writer).
// Written by training, read by `athanor runs` and the pages; needs no libtorch.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::history {

struct Run {
  int64_t id = 0;
  std::string stage;   // "pretrain"
  std::string out;     // the run's folder
  std::string status;  // running, finished, stopped, failed; a `running` whose process is gone reads as `lost`
  std::string recipe;  // YAML, every option
  int64_t pid = 0;
  double started = 0, updated = 0;  // seconds since 1970
  int64_t step = 0, steps = 0;
  int64_t starts = 1;                     // once more with each resume, which may remove points
  std::optional<double> loss, eval_loss;  // the newest
};

struct Point {
  int64_t step;
  std::string metric;  // "loss", "lr", "grad_norm", "tokens_per_second", "eval_loss", "bits_per_byte", "elapsed_s", "memory_bytes"
  double value;
};

struct StepValue {
  int64_t step;
  double value;
};

/// Steps from `from` to `to`, both included.
struct StepRange {
  int64_t from = std::numeric_limits<int64_t>::min(), to = std::numeric_limits<int64_t>::max();
};

/// A text that the model wrote while it learned.
struct TextSample {
  int64_t step, number;  // number: which of the prompts
  std::string prompt, text;
};

/// ATHANOR_RUNS, else XDG_DATA_HOME/athanor/runs.db, else ~/.local/share/athanor/runs.db.
std::filesystem::path default_path();

class History {
 public:
  /// Opens the file, making it and its folder. file_error where that fails, where it is no history, or where a newer Athanor wrote
  /// it.
  static History open(const std::filesystem::path& path = default_path());
  History(History&&) noexcept;
  ~History();

  /// A new run in state `running`; or, where `out` has one already and `resumed`, that run again, its points after `step` removed.
  int64_t begin(const Run& run, bool resumed);
  void add(int64_t run, int64_t step, const std::vector<Point>& points);
  void add_samples(int64_t run, const std::vector<TextSample>& samples);
  void finish(int64_t run, std::string_view status);

  /// Newest first; limit <= 0: all.
  std::vector<Run> list(int64_t limit = 0) const;
  std::optional<Run> find(int64_t id) const;
  /// In the order of steps; an empty metric means all.
  std::vector<Point> points(int64_t run, std::string_view metric = {}) const;
  /// Names of the metrics that a run has, sorted.
  std::vector<std::string> metrics(int64_t run) const;
  /// One metric's points in a range of steps, at most `limit` of them.
  std::vector<StepValue> values(int64_t run, std::string_view metric, const StepRange& range, int64_t limit) const;
  /// The newest value at or before a step.
  std::optional<double> value_at(int64_t run, std::string_view metric, int64_t step) const;
  /// Newest step first, in the order of prompts; limit <= 0: all.
  std::vector<TextSample> samples(int64_t run, int64_t limit = 0) const;

  struct Database;

 private:
  explicit History(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace athanor::history

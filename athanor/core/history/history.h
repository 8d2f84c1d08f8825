#pragma once
// What was run on this machine, with its curves: one SQLite file (WAL, so that a reader never waits for a writer).
// Written by training, read by `athanor runs` and the pages; needs no libtorch.

#include <cstdint>
#include <filesystem>
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
  std::optional<double> loss, eval_loss;  // the newest
};

struct Point {
  int64_t step;
  std::string metric;  // "loss", "lr", "grad_norm", "tokens_per_second", "eval_loss", "bits_per_byte"
  double value;
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
  void finish(int64_t run, std::string_view status);

  /// Newest first; limit <= 0: all.
  std::vector<Run> list(int64_t limit = 0) const;
  std::optional<Run> find(int64_t id) const;
  /// In the order of steps; an empty metric means all.
  std::vector<Point> points(int64_t run, std::string_view metric = {}) const;

 private:
  struct Database;
  explicit History(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace athanor::history

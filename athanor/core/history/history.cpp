#include "athanor/core/history/history.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/history/database.h"

namespace athanor::history {
namespace fs = std::filesystem;
namespace {

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

bool process_lives(int64_t pid) { return kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM; }

}  // namespace

namespace {

constexpr const char* kColumns =
    "SELECT id, stage, out, status, recipe, pid, started, updated, step, steps, loss, eval_loss, starts FROM runs ";

Run read_run(const Statement& row) {
  Run run;
  run.id = row.integer(0), run.stage = row.text(1), run.out = row.text(2), run.status = row.text(3), run.recipe = row.text(4);
  run.pid = row.integer(5), run.started = row.number(6), run.updated = row.number(7), run.step = row.integer(8),
  run.steps = row.integer(9);
  run.starts = row.integer(12);
  if (!row.null(10)) run.loss = row.number(10);
  if (!row.null(11)) run.eval_loss = row.number(11);
  if (run.status == "running" && !process_lives(run.pid)) run.status = "lost";
  return run;
}

}  // namespace

fs::path default_path() {
  auto variable = [](const char* name) -> fs::path {
    const char* value = std::getenv(name);
    return value ? value : "";
  };
  if (auto path = variable("ATHANOR_RUNS"); !path.empty()) return path;
  fs::path data = variable("XDG_DATA_HOME");
  if (data.empty() || !data.is_absolute()) data = variable("HOME") / ".local" / "share";
  return data / "athanor" / "runs.db";
}

History::History(std::unique_ptr<Database> database) : database_(std::move(database)) {}
History::History(History&&) noexcept = default;
History::~History() = default;

History History::open(const fs::path& path) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) base::file_error("history.open", {"cannot make the folder " + path.parent_path().string(), error.message()});
  return History(Database::open(path));
}

int64_t History::begin(const Run& run, bool resumed) {
  auto& db = *database_;
  if (resumed) {
    Statement last(db.handle, db.path, "SELECT max(id) FROM runs WHERE out = ?");
    if (last.bind(run.out).step() && !last.null(0)) {
      int64_t id = last.integer(0);
      last.reset();
      Statement(db.handle, db.path,
                "UPDATE runs SET status = 'running', recipe = ?, pid = ?, updated = ?, step = ?, steps = ?, "
                "starts = starts + 1 WHERE id = ?")
          .bind(run.recipe)
          .bind(run.pid)
          .bind(now())
          .bind(run.step)
          .bind(run.steps)
          .bind(id)
          .step();
      for (const char* sql : {"DELETE FROM metrics WHERE run = ? AND step > ?", "DELETE FROM samples WHERE run = ? AND step > ?"})
        Statement(db.handle, db.path, sql).bind(id).bind(run.step).step();
      return id;
    }
  }
  Statement(db.handle, db.path,
            "INSERT INTO runs (stage, out, status, recipe, pid, started, updated, step, steps) VALUES (?, ?, 'running', ?, ?, ?, "
            "?, ?, ?)")
      .bind(run.stage)
      .bind(run.out)
      .bind(run.recipe)
      .bind(run.pid)
      .bind(now())
      .bind(now())
      .bind(run.step)
      .bind(run.steps)
      .step();
  return sqlite3_last_insert_rowid(db.handle);
}

void History::add(int64_t run, int64_t step, const std::vector<Point>& points) {
  auto& db = *database_;
  Transaction transaction(db.handle, db.path);
  Statement insert(db.handle, db.path, "INSERT OR REPLACE INTO metrics (run, metric, step, value) VALUES (?, ?, ?, ?)");
  for (const Point& point : points) {
    insert.bind(run).bind(point.metric).bind(point.step).bind(point.value).step();
    insert.reset();
  }
  for (const char* metric : {"loss", "eval_loss"}) {
    auto newest = std::find_if(points.rbegin(), points.rend(), [&](const Point& point) { return point.metric == metric; });
    if (newest == points.rend()) continue;
    Statement(db.handle, db.path, base::cat("UPDATE runs SET ", metric, " = ? WHERE id = ?").c_str())
        .bind(newest->value)
        .bind(run)
        .step();
  }
  Statement(db.handle, db.path, "UPDATE runs SET step = ?, updated = ? WHERE id = ?").bind(step).bind(now()).bind(run).step();
  transaction.commit();
}

void History::add_samples(int64_t run, const std::vector<TextSample>& samples) {
  auto& db = *database_;
  Transaction transaction(db.handle, db.path);
  Statement insert(db.handle, db.path, "INSERT OR REPLACE INTO samples (run, step, number, prompt, text) VALUES (?, ?, ?, ?, ?)");
  for (const TextSample& sample : samples) {
    insert.bind(run).bind(sample.step).bind(sample.number).bind(sample.prompt).bind(sample.text).step();
    insert.reset();
  }
  transaction.commit();
}

void History::finish(int64_t run, std::string_view status) {
  Statement(database_->handle, database_->path, "UPDATE runs SET status = ?, updated = ? WHERE id = ?")
      .bind(status)
      .bind(now())
      .bind(run)
      .step();
}

std::vector<Run> History::list(int64_t limit) const {
  Statement rows(database_->handle, database_->path, base::cat(kColumns, "ORDER BY id DESC LIMIT ?").c_str());
  rows.bind(limit > 0 ? limit : int64_t{-1});
  std::vector<Run> runs;
  while (rows.step()) runs.push_back(read_run(rows));
  return runs;
}

std::optional<Run> History::find(int64_t id) const {
  Statement row(database_->handle, database_->path, base::cat(kColumns, "WHERE id = ?").c_str());
  if (!row.bind(id).step()) return std::nullopt;
  return read_run(row);
}

std::vector<Point> History::points(int64_t run, std::string_view metric) const {
  Statement rows(database_->handle, database_->path,
                 "SELECT step, metric, value FROM metrics WHERE run = ?1 AND (?2 = '' OR metric = ?2) ORDER BY step, metric");
  rows.bind(run).bind(metric);
  std::vector<Point> points;
  while (rows.step()) points.push_back({rows.integer(0), rows.text(1), rows.number(2)});
  return points;
}

std::vector<std::string> History::metrics(int64_t run) const {
  // Each look-up jumps over one metric's points: their number does not matter.
  Statement next(database_->handle, database_->path, "SELECT min(metric) FROM metrics WHERE run = ? AND metric > ?");
  std::vector<std::string> names;
  std::string last;
  while (next.bind(run).bind(last).step() && !next.null(0)) {
    last = next.text(0);
    names.push_back(last);
    next.reset();
  }
  return names;
}

std::vector<StepValue> History::values(int64_t run, std::string_view metric, const StepRange& range, int64_t limit) const {
  Statement rows(database_->handle, database_->path,
                 "SELECT step, value FROM metrics WHERE run = ? AND metric = ? AND step >= ? AND step <= ? ORDER BY step LIMIT ?");
  rows.bind(run).bind(metric).bind(range.from).bind(range.to).bind(limit);
  std::vector<StepValue> values;
  while (rows.step())
    if (!rows.null(1)) values.push_back({rows.integer(0), rows.number(1)});
  return values;
}

std::optional<double> History::value_at(int64_t run, std::string_view metric, int64_t step) const {
  Statement row(database_->handle, database_->path,
                "SELECT value FROM metrics WHERE run = ? AND metric = ? AND step <= ? ORDER BY step DESC LIMIT 1");
  if (!row.bind(run).bind(metric).bind(step).step() || row.null(0)) return std::nullopt;
  return row.number(0);
}

std::vector<TextSample> History::samples(int64_t run, int64_t limit) const {
  Statement rows(database_->handle, database_->path,
                 "SELECT step, number, prompt, text FROM samples WHERE run = ? ORDER BY step DESC, number LIMIT ?");
  rows.bind(run).bind(limit > 0 ? limit : int64_t{-1});
  std::vector<TextSample> samples;
  while (rows.step()) samples.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.text(3)});
  return samples;
}

}  // namespace athanor::history

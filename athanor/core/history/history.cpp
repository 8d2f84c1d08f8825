#include "athanor/core/history/history.h"

#include <signal.h>
#include <sqlite3.h>

#include <chrono>
#include <cmath>
#include <cstdlib>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::history {
namespace fs = std::filesystem;
namespace {

constexpr int kVersion = 1;
constexpr int kBusyMilliseconds = 10000;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY, stage TEXT NOT NULL, out TEXT NOT NULL, status TEXT NOT NULL, recipe TEXT NOT NULL, pid INTEGER NOT NULL,
  started REAL NOT NULL, updated REAL NOT NULL, step INTEGER NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0, loss REAL, eval_loss REAL);
CREATE TABLE IF NOT EXISTS metrics (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, metric TEXT NOT NULL, step INTEGER NOT NULL, value REAL,
  PRIMARY KEY (run, metric, step)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS runs_by_out ON runs(out);
)";

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

bool process_lives(int64_t pid) { return kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM; }

}  // namespace

struct History::Database {
  sqlite3* handle = nullptr;
  std::string path;
  ~Database() { sqlite3_close(handle); }
  [[noreturn]] void fail() const { base::file_error("history.open", {path + ": " + sqlite3_errmsg(handle)}); }
  void execute(const char* sql) const {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
};

namespace {

/// A prepared statement with its values bound in order.
class Statement {
 public:
  Statement(sqlite3* handle, const std::string& path, const char* sql) : handle_(handle), path_(path) {
    if (sqlite3_prepare_v2(handle, sql, -1, &statement_, nullptr) != SQLITE_OK) fail();
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  Statement& bind(int64_t value) { return check(sqlite3_bind_int64(statement_, ++bound_, value)); }
  Statement& bind(double value) { return check(sqlite3_bind_double(statement_, ++bound_, value)); }
  Statement& bind(std::string_view value) {
    return check(sqlite3_bind_text(statement_, ++bound_, value.empty() ? "" : value.data(), static_cast<int>(value.size()),
                                   SQLITE_TRANSIENT));
  }
  /// True while there is a row.
  bool step() {
    int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail();
    return code == SQLITE_ROW;
  }
  void reset() {
    sqlite3_reset(statement_);
    bound_ = 0;
  }
  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double number(int column) const { return sqlite3_column_double(statement_, column); }
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string text(int column) const {
    auto bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
  }

 private:
  Statement& check(int code) {
    if (code != SQLITE_OK) fail();
    return *this;
  }
  [[noreturn]] void fail() const { base::file_error("history.query", {path_ + ": " + sqlite3_errmsg(handle_)}); }
  sqlite3* handle_;
  const std::string& path_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

/// Rolled back unless committed.
class Transaction {
 public:
  Transaction(sqlite3* handle, const std::string& path) : handle_(handle), path_(path) {
    Statement(handle, path, "BEGIN IMMEDIATE").step();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!committed_) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void commit() {
    Statement(handle_, path_, "COMMIT").step();
    committed_ = true;
  }

 private:
  sqlite3* handle_;
  const std::string& path_;
  bool committed_ = false;
};

constexpr const char* kColumns =
    "SELECT id, stage, out, status, recipe, pid, started, updated, step, steps, loss, eval_loss FROM runs ";

Run read_run(const Statement& row) {
  Run run;
  run.id = row.integer(0), run.stage = row.text(1), run.out = row.text(2), run.status = row.text(3), run.recipe = row.text(4);
  run.pid = row.integer(5), run.started = row.number(6), run.updated = row.number(7), run.step = row.integer(8),
  run.steps = row.integer(9);
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
  auto database = std::make_unique<Database>();
  database->path = path.string();
  int code = sqlite3_open_v2(database->path.c_str(), &database->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (code != SQLITE_OK) database->fail();
  sqlite3_busy_timeout(database->handle, kBusyMilliseconds);
  Statement version(database->handle, database->path, "PRAGMA user_version");
  version.step();
  int64_t found = version.integer(0);
  version.reset();
  if (found > kVersion)
    base::file_error("history.open", {database->path + " was written by a newer Athanor", base::cat("version ", found),
                                      base::cat("at most ", kVersion)});
  database->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;");
  if (found < kVersion)
    database->execute(base::cat("BEGIN IMMEDIATE;", kSchema, "PRAGMA user_version = ", kVersion, "; COMMIT;").c_str());
  return History(std::move(database));
}

int64_t History::begin(const Run& run, bool resumed) {
  auto& db = *database_;
  if (resumed) {
    Statement last(db.handle, db.path, "SELECT max(id) FROM runs WHERE out = ?");
    if (last.bind(run.out).step() && !last.null(0)) {
      int64_t id = last.integer(0);
      last.reset();
      Statement(db.handle, db.path,
                "UPDATE runs SET status = 'running', recipe = ?, pid = ?, updated = ?, step = ?, steps = ? WHERE id = ?")
          .bind(run.recipe)
          .bind(run.pid)
          .bind(now())
          .bind(run.step)
          .bind(run.steps)
          .bind(id)
          .step();
      Statement(db.handle, db.path, "DELETE FROM metrics WHERE run = ? AND step > ?").bind(id).bind(run.step).step();
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
    if (point.metric == "loss" || point.metric == "eval_loss") {
      auto sql = base::cat("UPDATE runs SET ", point.metric, " = ? WHERE id = ?");
      Statement(db.handle, db.path, sql.c_str()).bind(point.value).bind(run).step();
    }
  }
  Statement(db.handle, db.path, "UPDATE runs SET step = ?, updated = ? WHERE id = ?").bind(step).bind(now()).bind(run).step();
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

}  // namespace athanor::history

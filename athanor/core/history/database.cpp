#include "athanor/core/history/database.h"

#include "athanor/core/base/cat.h"

namespace athanor::history {
namespace {

constexpr int kBusyMilliseconds = 10000;

// One step per version: kSteps[v] brings a file of version v to v + 1. What was released is never edited.
constexpr const char* kSteps[] = {
    R"(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, stage TEXT NOT NULL, out TEXT NOT NULL, status TEXT NOT NULL, recipe TEXT NOT NULL, pid INTEGER NOT NULL,
  started REAL NOT NULL, updated REAL NOT NULL, step INTEGER NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0, loss REAL, eval_loss REAL);
CREATE TABLE metrics (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, metric TEXT NOT NULL, step INTEGER NOT NULL, value REAL,
  PRIMARY KEY (run, metric, step)) WITHOUT ROWID;
CREATE INDEX runs_by_out ON runs(out);
)",
    R"(
ALTER TABLE runs ADD COLUMN starts INTEGER NOT NULL DEFAULT 1;
CREATE TABLE samples (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, step INTEGER NOT NULL, number INTEGER NOT NULL, prompt TEXT NOT NULL,
  text TEXT NOT NULL, PRIMARY KEY (run, step, number)) WITHOUT ROWID;
)"};
constexpr int64_t kVersion = std::size(kSteps);

int64_t version_of(const History::Database& db) {
  Statement version(db.handle, db.path, "PRAGMA user_version");
  version.step();
  return version.integer(0);
}

void refuse_newer(const History::Database& db, int64_t found) {
  if (found > kVersion)
    base::file_error("history.open",
                     {db.path + " was written by a newer Athanor", base::cat("version ", found), base::cat("at most ", kVersion)});
}

}  // namespace

std::unique_ptr<History::Database> History::Database::open(const std::filesystem::path& path) {
  auto database = std::make_unique<Database>();
  Database& db = *database;
  db.path = path.string();
  if (sqlite3_open_v2(db.path.c_str(), &db.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) != SQLITE_OK) db.fail();
  sqlite3_busy_timeout(db.handle, kBusyMilliseconds);
  refuse_newer(db, version_of(db));
  db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;");
  if (version_of(db) < kVersion) {
    Transaction transaction(db.handle, db.path);
    int64_t found = version_of(db);  // another process may have been first
    refuse_newer(db, found);
    for (; found < kVersion; ++found) db.execute(kSteps[found]);
    db.execute(base::cat("PRAGMA user_version = ", kVersion).c_str());
    transaction.commit();
  }
  return database;
}

}  // namespace athanor::history

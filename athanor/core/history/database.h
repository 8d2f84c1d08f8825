#pragma once
// Private to history: SQLite behind three small owners.

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "athanor/core/base/error.h"
#include "athanor/core/history/history.h"

namespace athanor::history {

struct History::Database {
  sqlite3* handle = nullptr;
  std::string path;
  ~Database() { sqlite3_close(handle); }
  [[noreturn]] void fail() const { base::file_error("history.open", {path + ": " + sqlite3_errmsg(handle)}); }
  void execute(const char* sql) const {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
  /// Opens or makes the file and brings its tables to this version's.
  static std::unique_ptr<Database> open(const std::filesystem::path& path);
};

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

}  // namespace athanor::history

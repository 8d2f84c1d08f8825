#pragma once
// A run as a table: one row per step, one column per metric.

#include <memory>
#include <string>

#include "athanor/core/history/history.h"

namespace athanor::app {

/// Gives the table in pieces, read from the history as they are asked for, so that a long run is never held as a whole.
class RunCsv {
 public:
  RunCsv(std::shared_ptr<const history::History> history, int64_t run);
  /// The next lines, with the title line first; empty where all has been given.
  std::string next_piece();

 private:
  struct Column {
    std::string metric;
    std::vector<history::StepValue> values;  // read ahead
    size_t at = 0;
    bool over = false;
  };
  const history::StepValue* peek(Column& column);
  bool add_row(std::string& text);

  std::shared_ptr<const history::History> history_;
  int64_t run_;
  std::vector<Column> columns_;
  bool begun_ = false;
};

/// A name as CSV holds it: in quotes where it has a comma, a quote or a line end (RFC 4180).
std::string csv_field(const std::string& text);

}  // namespace athanor::app

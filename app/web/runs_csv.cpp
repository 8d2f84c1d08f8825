#include "app/web/runs_csv.h"

#include <algorithm>
#include <optional>

#include "athanor/core/base/cat.h"

namespace athanor::app {
namespace {

constexpr int64_t kReadAhead = 4096;   // points of a metric
constexpr size_t kPieceBytes = 60000;  // about

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

RunCsv::RunCsv(std::shared_ptr<const history::History> history, int64_t run) : history_(std::move(history)), run_(run) {
  for (const std::string& metric : history_->metrics(run)) columns_.push_back({metric, {}, 0, false});
}

const history::StepValue* RunCsv::peek(Column& column) {
  if (column.at == column.values.size() && !column.over) {
    history::StepRange rest;
    if (!column.values.empty()) rest.from = column.values.back().step + 1;
    column.values = history_->values(run_, column.metric, rest, kReadAhead);
    column.at = 0, column.over = column.values.empty();
  }
  return column.at < column.values.size() ? &column.values[column.at] : nullptr;
}

bool RunCsv::add_row(std::string& text) {
  std::optional<int64_t> step;
  for (Column& column : columns_)
    if (const auto* point = peek(column)) step = std::min(step.value_or(point->step), point->step);
  if (!step) return false;
  text += base::cat(*step);
  for (Column& column : columns_) {
    text += ',';
    const auto* point = peek(column);
    if (!point || point->step != *step) continue;
    text += base::cat(point->value);
    ++column.at;
  }
  text += "\r\n";
  return true;
}

std::string RunCsv::next_piece() {
  std::string text;
  if (!begun_) {
    begun_ = true, text = "step";
    for (const Column& column : columns_) text += "," + csv_field(column.metric);
    text += "\r\n";
  }
  while (text.size() < kPieceBytes && add_row(text)) {
  }
  return text;
}

}  // namespace athanor::app

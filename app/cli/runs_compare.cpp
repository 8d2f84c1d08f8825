#include "app/cli/runs_compare.h"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "app/cli/table.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/flat_values.h"

namespace athanor::app {
namespace {

using Values = std::map<std::string, std::string>;

/// A line for each name that any of the runs has.
std::vector<RunComparison::Line> lines_of(const std::vector<Values>& runs) {
  std::map<std::string, std::vector<std::string>> lines;
  for (size_t i = 0; i < runs.size(); ++i)
    for (const auto& [name, value] : runs[i])
      lines.try_emplace(name, runs.size(), "-").first->second[i] = value.empty() ? "\"\"" : value;
  std::vector<RunComparison::Line> all;
  for (auto& [name, values] : lines) all.push_back({name, std::move(values)});
  return all;
}

Values newest_values(const history::History& history, const history::Run& run) {
  Values values = {{"step", base::cat(run.step)}};
  for (const std::string& metric : history.metrics(run.id))
    if (auto value = history.value_at(run.id, metric, std::numeric_limits<int64_t>::max()))
      values[metric] = base::cat(static_cast<float>(*value));
  return values;
}

}  // namespace

RunComparison compare_runs(const history::History& history, const std::vector<history::Run>& runs) {
  RunComparison comparison;
  std::vector<Values> recipes, newest;
  for (const history::Run& run : runs) {
    comparison.runs.push_back(run.id);
    recipes.push_back(base::flat_values(base::parse_yaml(run.recipe, base::cat("the recipe of run ", run.id))));
    newest.push_back(newest_values(history, run));
  }
  for (RunComparison::Line& line : lines_of(recipes)) {
    const bool same =
        std::all_of(line.values.begin(), line.values.end(), [&](const std::string& v) { return v == line.values[0]; });
    if (same)
      ++comparison.same;
    else
      comparison.options.push_back(std::move(line));
  }
  comparison.metrics = lines_of(newest);
  return comparison;
}

std::string RunComparison::text() const {
  auto table = [&](const char* title, const std::vector<Line>& lines) {
    std::vector<std::vector<std::string>> rows = {{title}};
    for (int64_t run : runs) rows[0].push_back(base::cat("run ", run));
    for (const Line& line : lines) {
      rows.push_back({line.name});
      rows.back().insert(rows.back().end(), line.values.begin(), line.values.end());
    }
    return text_table(rows);
  };
  return base::cat(table("newest", metrics), "\n", table("option", options), same, " options are the same\n");
}

base::Json RunComparison::json() const {
  auto object = [](const std::vector<Line>& lines) {
    base::Json all = base::Json::object();
    for (const Line& line : lines) all[line.name] = line.values;
    return all;
  };
  return {{"runs", runs}, {"newest", object(metrics)}, {"options", object(options)}, {"same", same}};
}

}  // namespace athanor::app

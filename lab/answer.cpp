#include "lab/answer.h"

#include <nlohmann/json.hpp>

#include "app/cli/table.h"
#include "app/report/chart.h"
#include "app/report/page_files.h"
#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "lab/experiment.h"

namespace athanor::lab {
namespace {

using app::html_text;
using base::cat;

/// Mean and standard deviation over the seeds, as every table shows them.
std::string cell_text(const std::vector<double>& values, int decimals) {
  if (values.empty()) return "";
  const Estimate e = estimate(values);
  return e.count > 1 && e.sd > 0 ? cat(base::fixed(e.mean, decimals), " ± ", base::fixed(e.sd, decimals))
                                 : base::fixed(e.mean, decimals);
}

/// The table as text, title row first.
std::vector<std::vector<std::string>> cells_of(const ResultTable& table) {
  std::vector<std::vector<std::string>> rows(1, {table.first});
  for (const Column& column : table.columns) rows[0].push_back(column.name);
  for (const ResultTable::Row& row : table.rows) {
    rows.push_back({row.name});
    for (size_t i = 0; i < table.columns.size(); ++i)
      rows.back().push_back(i < row.cells.size() ? cell_text(row.cells[i], table.columns[i].decimals) : "");
  }
  return rows;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += " " + cell + " |";
  return out + "\n";
}

std::string html_table(const ResultTable& table) {
  std::string out = "<section class='facts'><table>";
  bool title = true;
  for (const auto& row : cells_of(table)) {
    out += "<tr>";
    for (size_t i = 0; i < row.size(); ++i)
      out += i == 0 || title ? cat("<th scope='", title ? "col" : "row", "'", i > 0 ? " style='text-align:right'" : "", ">",
                                   html_text(row[i]), "</th>")
                             : cat("<td>", html_text(row[i]), "</td>");
    out += "</tr>";
    title = false;
  }
  return out + "</table></section>\n";
}

std::string html_facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string out = "<section class='facts'><table>";
  for (const auto& [name, value] : facts)
    out += cat("<tr><th scope='row'>", html_text(name), "</th><td>", html_text(value), "</td></tr>");
  return out + "</table></section>\n";
}

}  // namespace

base::Json answer_json(const Experiment& experiment, const Answer& answer) {
  base::Json claims = base::Json::array(), rows = base::Json::array(), setting = base::Json::object();
  for (const Claim& claim : answer.claims)
    claims.push_back({{"claim", claim.sentence}, {"verdict", verdict_text(claim.verdict)}, {"numbers", claim.numbers}});
  for (const ResultTable::Row& row : answer.table.rows) {
    base::Json values = base::Json::object();
    for (size_t i = 0; i < row.cells.size(); ++i) values[answer.table.columns[i].name] = row.cells[i];
    rows.push_back({{answer.table.first, row.name}, {"seeds", std::move(values)}});
  }
  for (const auto& [name, value] : answer.setting) setting[name] = value;
  return {{"experiment", experiment.name}, {"setting", setting}, {"claims", claims}, {"rows", rows}};
}

std::string answer_markdown(const Answer& answer) {
  std::string out;
  for (const Claim& claim : answer.claims)
    out += cat("- **", verdict_text(claim.verdict), "**: ", claim.sentence, " ", claim.numbers, "\n");
  const auto rows = cells_of(answer.table);
  out += "\n" + markdown_row(rows[0]) + markdown_row(std::vector<std::string>(rows[0].size(), "---"));
  for (size_t i = 1; i < rows.size(); ++i) out += markdown_row(rows[i]);
  out += "\nMean ± standard deviation over the seeds. Intervals above are 95 % of Student's t over the seeds' differences.\n\n";
  for (const auto& [name, value] : answer.setting) out += cat("- ", name, ": ", value, "\n");
  return out;
}

std::string answer_text(const Answer& answer) {
  std::string out;
  for (const Claim& claim : answer.claims)
    out += cat(verdict_text(claim.verdict), ": ", claim.sentence, "\n  ", claim.numbers, "\n");
  return out + "\n" + app::text_table(cells_of(answer.table));
}

std::string answer_page(const Experiment& experiment, const Answer& answer) {
  std::string out =
      cat("<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' "
          "content='width=device-width, initial-scale=1'>\n",
          "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
          "<title>lab: ", html_text(experiment.name), "</title>\n<style>", app::kPageCss,
          "</style></head><body><main>\n<header><h1>", html_text(experiment.sentence), "</h1><p>", html_text(experiment.says),
          "</p></header>\n<h2>Prediction</h2>\n<p>", html_text(experiment.prediction), "</p>\n<h2>Answer</h2>\n");
  for (const Claim& claim : answer.claims)
    out += cat("<p><b>", verdict_text(claim.verdict), "</b>: ", html_text(claim.sentence), " ", html_text(claim.numbers), "</p>\n");
  out += cat("<figure class='chart'>", app::svg_plot(answer.plot), "</figure>\n<h2>Numbers</h2>\n", html_table(answer.table),
             "<p>Mean ± standard deviation over the seeds.</p>\n<h2>What was run</h2>\n", html_facts(answer.setting));
  return out + "</main></body></html>\n";
}

void write_answer(const std::filesystem::path& folder, const Experiment& experiment, const Answer& answer) {
  base::write_file(folder / "results.json", answer_json(experiment, answer).dump(1) + "\n");
  base::write_file(folder / "answer.md", answer_markdown(answer));
  base::write_file(folder / "plot.svg", app::svg_plot(answer.plot));
  base::write_file(folder / "report.html", answer_page(experiment, answer));
}

}  // namespace athanor::lab

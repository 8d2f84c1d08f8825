#pragma once
// What an experiment found: claims with verdicts, the numbers of every seed, a picture.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "app/report/plot.h"
#include "athanor/core/base/json.h"
#include "lab/statistics.h"

namespace athanor::lab {

/// A sentence that can be wrong, and what was measured of it.
struct Claim {
  std::string sentence;
  Verdict verdict = Verdict::kUndecided;
  std::string numbers;
};

/// A measure of a table: how it is called and how many decimals are shown.
struct Column {
  std::string name;
  int decimals = 3;
};

/// Cells hold the value of every seed; an empty cell stays empty.
struct ResultTable {
  std::string first;  // what the rows are
  std::vector<Column> columns;
  struct Row {
    std::string name;
    std::vector<std::vector<double>> cells;
  };
  std::vector<Row> rows;
};

struct Answer {
  std::vector<Claim> claims;
  ResultTable table;
  app::Plot plot;
  std::vector<std::pair<std::string, std::string>> setting = {};  // what was run: model, data, steps
};

struct Experiment;

base::Json answer_json(const Experiment& experiment, const Answer& answer);
/// Verdicts, table and setting in Markdown: what README.md of an experiment holds as its answer.
std::string answer_markdown(const Answer& answer);
/// The same for a terminal.
std::string answer_text(const Answer& answer);
/// One HTML file with the picture in it.
std::string answer_page(const Experiment& experiment, const Answer& answer);

/// What a folder holds from the beginning of an experiment on.
inline constexpr const char* kMarker = "text/general-train.txt";

/// Writes results.json, answer.md, plot.svg and report.html into `folder`.
void write_answer(const std::filesystem::path& folder, const Experiment& experiment, const Answer& answer);

}  // namespace athanor::lab

#pragma once
// What differs between runs: their recipes, and where they came to.

#include <string>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/history/history.h"

namespace athanor::app {

struct RunComparison {
  struct Line {
    std::string name;
    std::vector<std::string> values;  // one of each run; "-" where it has none
  };
  std::vector<int64_t> runs;
  std::vector<Line> options;  // of the recipes, only those that differ
  std::vector<Line> metrics;  // the newest value of each
  int64_t same = 0;           // options that are equal everywhere

  std::string text() const;
  base::Json json() const;
};

RunComparison compare_runs(const history::History& history, const std::vector<history::Run>& runs);

}  // namespace athanor::app

#pragma once
// What the page of runs asks for: the history as JSON and CSV, and the page's own files. docs/runs.md lists the addresses.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/web/curve_cache.h"
#include "athanor/core/base/json.h"
#include "athanor/core/history/history.h"
#include "athanor/run/http/message.h"

namespace athanor::app {

/// Which series, of which part, how fine.
struct SeriesQuery {
  std::vector<std::string> names;
  bool by_time = false;  // `from` and `to` are seconds of training, and each point comes with its second
  double from, to;       // steps, or seconds
  int64_t points = 500;  // buckets at most
};

class RunsApi {
 public:
  explicit RunsApi(const std::filesystem::path& database);
  http::Response answer(const http::Request& request);

 private:
  /// What a list shows of a run, and is not read again while the run does not change.
  struct Summary {
    int64_t starts = -1, step = -1;
    double updated = 0;
    std::vector<std::string> metrics;
    std::vector<double> newest;
  };
  http::Response list();
  http::Response series_of_many(const http::Request& request);
  http::Response about_run(const http::Request& request);
  http::Response csv(const history::Run& run) const;
  base::Json as_json(const history::Run& run);
  base::Json series(const history::Run& run, const SeriesQuery& query);
  base::Json one_series(const history::Run& run, const std::string& name, const SeriesQuery& query);
  const Summary& summary(const history::Run& run);

  std::shared_ptr<history::History> history_;
  std::string database_;
  std::map<int64_t, Summary> summaries_;
  CurveCache curves_;
};

}  // namespace athanor::app

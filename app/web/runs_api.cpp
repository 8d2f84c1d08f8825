#include "app/web/runs_api.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/web/runs_csv.h"
#include "app/web/web_files.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/flat_values.h"
#include "athanor/core/base/hash.h"

namespace athanor::app {
namespace {

using base::Json;
using http::Request;
using http::Response;

constexpr size_t kMostRuns = 64, kMostNames = 16;  // of one request
constexpr int64_t kMostPoints = 4000;
constexpr int64_t kMostSamples = 400;
constexpr const char* kElapsed = "elapsed_s";

/// Only our own files and answers; no page of another site may frame or read us.
const std::vector<http::Header>& safety_headers() {
  static const std::vector<http::Header> headers = {{"Content-Security-Policy",
                                                     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                                     "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                                                     "frame-ancestors 'none'"},
                                                    {"X-Content-Type-Options", "nosniff"},
                                                    {"Referrer-Policy", "no-referrer"},
                                                    {"Cross-Origin-Resource-Policy", "same-origin"},
                                                    {"Cross-Origin-Opener-Policy", "same-origin"},
                                                    {"Cache-Control", "no-cache"}};
  return headers;
}

Response with_tag(Response response) {
  response.headers.push_back({"ETag", "\"" + base::hash_hex(base::hash64(response.body)) + "\""});
  return response;
}

Response json_response(const Json& json, int status = 200) {
  return with_tag({status, "application/json; charset=utf-8", json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"});
}

Response error(int status, const std::string& text) { return json_response({{"error", text}}, status); }

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

double number_parameter(const Request& request, const char* name, double otherwise) {
  const std::string* text = request.parameter(name);
  if (!text) return otherwise;
  double number = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || !std::isfinite(number))
    base::input_error("runs.api", {base::cat("bad ", name), *text, "a number"});
  return number;
}

std::vector<std::string> list_parameter(const Request& request, const char* name, size_t most) {
  const std::string* text = request.parameter(name);
  std::vector<std::string> items;
  if (!text || text->empty()) base::input_error("runs.api", {base::cat("no ", name), "", "a list with commas"});
  for (size_t begin = 0; begin <= text->size();) {
    const size_t end = std::min(text->find(',', begin), text->size());
    items.push_back(text->substr(begin, end - begin));
    begin = end + 1;
  }
  if (items.size() > most)
    base::input_error("runs.api", {base::cat("too many ", name), base::cat(items.size()), base::cat("at most ", most)});
  return items;
}

SeriesQuery series_query(const Request& request) {
  SeriesQuery query{list_parameter(request, "names", kMostNames), false, number_parameter(request, "from", -1e18),
                    number_parameter(request, "to", 1e18)};
  const std::string* x = request.parameter("x");
  if (x && *x != "step" && *x != "time") base::input_error("runs.api", {"bad x", *x, "step or time"});
  query.by_time = x && *x == "time";
  const double points = number_parameter(request, "points", 500);
  if (points < 1 || points > static_cast<double>(kMostPoints))
    base::input_error("runs.api", {"bad points", base::cat(points), base::cat("1 to ", kMostPoints)});
  query.points = static_cast<int64_t>(points);
  return query;
}

int64_t as_step(double x) { return static_cast<int64_t>(std::clamp(x, -9e18, 9e18)); }

/// Columns of numbers: five of them, or one where every bucket is a single point.
Json columns(const std::vector<history::Bucket>& buckets) {
  Json step = Json::array(), mean = Json::array(), min = Json::array(), max = Json::array(), end = Json::array(),
       count = Json::array();
  bool single = true;
  for (const history::Bucket& b : buckets) single = single && b.count == 1;
  for (const history::Bucket& b : buckets) {
    step.push_back(b.last), mean.push_back(b.mean);
    if (single) continue;
    min.push_back(b.min), max.push_back(b.max), end.push_back(b.end), count.push_back(b.count);
  }
  Json json = {{"step", std::move(step)}, {"mean", std::move(mean)}};
  if (!single)
    json["min"] = std::move(min), json["max"] = std::move(max), json["end"] = std::move(end), json["count"] = std::move(count);
  return json;
}

Response static_file(const std::string& path) {
  for (const WebFile& file : web_files())
    if (file.path == (path == "/" ? "/index.html" : path)) return with_tag({200, std::string(file.type), std::string(file.text)});
  return error(404, "nothing lies here");
}

}  // namespace

RunsApi::RunsApi(const std::filesystem::path& database)
    : history_(std::make_shared<history::History>(history::History::open(database))), database_(database.string()) {}

Response RunsApi::answer(const Request& request) {
  Response response;
  try {
    if (request.path == "/api/runs")
      response = list();
    else if (request.path == "/api/series")
      response = series_of_many(request);
    else if (request.path.starts_with("/api/runs/"))
      response = about_run(request);
    else
      response = static_file(request.path);
  } catch (const base::Error& e) {
    if (e.kind() != base::ErrorKind::kInput) throw;
    response = error(400, e.what());
  }
  response.headers.insert(response.headers.end(), safety_headers().begin(), safety_headers().end());
  return response;
}

const RunsApi::Summary& RunsApi::summary(const history::Run& run) {
  Summary& known = summaries_[run.id];
  if (known.starts == run.starts && known.step == run.step && known.updated == run.updated) return known;
  known = {run.starts, run.step, run.updated, history_->metrics(run.id), {}};
  for (const std::string& metric : known.metrics)
    known.newest.push_back(history_->value_at(run.id, metric, std::numeric_limits<int64_t>::max()).value_or(NAN));
  return known;
}

Json RunsApi::as_json(const history::Run& run) {
  const Summary& known = summary(run);
  Json newest = Json::object();
  for (size_t i = 0; i < known.metrics.size(); ++i) newest[known.metrics[i]] = known.newest[i];
  return {{"id", run.id},           {"stage", run.stage},         {"out", run.out},       {"status", run.status},
          {"started", run.started}, {"updated", run.updated},     {"starts", run.starts}, {"step", run.step},
          {"steps", run.steps},     {"newest", std::move(newest)}};
}

Response RunsApi::list() {
  Json runs = Json::array();
  for (const history::Run& run : history_->list()) runs.push_back(as_json(run));
  return json_response({{"database", database_}, {"runs", std::move(runs)}});
}

Json RunsApi::one_series(const history::Run& run, const std::string& name, const SeriesQuery& query) {
  history::StepRange range{as_step(std::ceil(query.from)), as_step(std::floor(query.to))};
  if (query.by_time) range = curves_.get(*history_, run, kElapsed).steps_between(query.from, query.to);
  const history::Curve& curve = curves_.get(*history_, run, name);
  const std::vector<history::Bucket> buckets = curve.buckets(*history_, range, query.points);
  Json json = columns(buckets);
  json["points"] = curve.points();
  if (!query.by_time) return json;
  Json time = Json::array();
  for (const history::Bucket& b : buckets) {
    const std::optional<double> at = history_->value_at(run.id, kElapsed, b.last);
    time.push_back(at ? Json(*at) : Json(nullptr));
  }
  json["time"] = std::move(time);
  return json;
}

Json RunsApi::series(const history::Run& run, const SeriesQuery& query) {
  const std::vector<std::string> known = summary(run).metrics;
  Json all = Json::object();
  for (const std::string& name : query.names)
    if (std::find(known.begin(), known.end(), name) != known.end()) all[name] = one_series(run, name, query);
  return {{"id", run.id}, {"starts", run.starts}, {"series", std::move(all)}};
}

Response RunsApi::series_of_many(const Request& request) {
  const SeriesQuery query = series_query(request);
  Json runs = Json::array();
  for (const std::string& text : list_parameter(request, "runs", kMostRuns)) {
    const auto id = whole_number(text);
    if (!id) base::input_error("runs.api", {"bad runs", text, "numbers with commas"});
    if (auto run = history_->find(*id)) runs.push_back(series(*run, query));
  }
  return json_response({{"runs", std::move(runs)}});
}

Response RunsApi::csv(const history::Run& run) const {
  Response response{200, "text/csv; charset=utf-8"};
  response.headers.push_back({"Content-Disposition", base::cat("attachment; filename=\"run-", run.id, ".csv\"")});
  auto table = std::make_shared<RunCsv>(history_, run.id);
  response.next_piece = [table] { return table->next_piece(); };
  return response;
}

Response RunsApi::about_run(const Request& request) {
  std::string_view rest = std::string_view(request.path).substr(std::string_view("/api/runs/").size());
  const size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const auto id = whole_number(rest.substr(0, digits));
  const auto run = id ? history_->find(*id) : std::nullopt;
  if (!run) return error(404, "no such run");
  const std::string_view what = rest.substr(digits);
  if (what == ".csv") return csv(*run);
  if (what == "/series") return json_response(series(*run, series_query(request)));
  if (what.empty()) {
    Json json = as_json(*run);
    json["recipe"] = run->recipe;
    return json_response(json);
  }
  if (what == "/config") {
    Json values = Json::object();
    for (const auto& [name, value] : base::flat_values(base::parse_yaml(run->recipe, "the run's recipe"))) values[name] = value;
    return json_response({{"id", run->id}, {"yaml", run->recipe}, {"values", std::move(values)}});
  }
  if (what != "/samples") return error(404, "nothing lies here");
  Json samples = Json::array();
  for (const history::TextSample& s : history_->samples(run->id, kMostSamples))
    samples.push_back({{"step", s.step}, {"number", s.number}, {"prompt", s.prompt}, {"text", s.text}});
  return json_response({{"id", run->id}, {"samples", std::move(samples)}});
}

}  // namespace athanor::app

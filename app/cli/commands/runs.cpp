// athanor runs: the history of training runs.

#include <unistd.h>

#include <charconv>
#include <ctime>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/runs_compare.h"
#include "app/cli/table.h"
#include "app/web/runs_api.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/history/history.h"
#include "athanor/run/http/server.h"

namespace athanor::app {
namespace {

struct Arguments {
  std::string what = "list";
  std::vector<std::string> runs;
  int64_t limit = 20;
  bool json = false, no_auth = false;
  std::string host = "127.0.0.1";
  int64_t port = 6006;
};

std::string local_time(double seconds) {
  std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  localtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts)};
}

std::string loss_text(const std::optional<double>& loss) { return loss ? base::fixed(*loss, 4) : "-"; }

base::Json as_json(const history::Run& run) {
  base::Json json = {{"id", run.id},           {"stage", run.stage},     {"out", run.out},   {"status", run.status},
                     {"started", run.started}, {"updated", run.updated}, {"step", run.step}, {"steps", run.steps}};
  json["loss"] = run.loss ? base::Json(*run.loss) : base::Json(nullptr);
  json["eval_loss"] = run.eval_loss ? base::Json(*run.eval_loss) : base::Json(nullptr);
  return json;
}

int list_runs(const history::History& history, const Arguments& a) {
  std::vector<history::Run> runs = history.list(a.limit);
  if (a.json) {
    base::Json list = base::Json::array();
    for (const history::Run& run : runs) list.push_back(as_json(run));
    return print_json({{"runs", list}}), 0;
  }
  std::vector<std::vector<std::string>> rows = {{"run", "started", "stage", "status", "step", "loss", "held out", "folder"}};
  for (const history::Run& run : runs)
    rows.push_back({base::cat(run.id), local_time(run.started), run.stage, run.status, base::cat(run.step, "/", run.steps),
                    loss_text(run.loss), loss_text(run.eval_loss), run.out});
  print(runs.empty() ? "no runs yet; athanor quickstart makes one\n" : text_table(rows));
  return 0;
}

history::Run find_run(const history::History& history, const std::string& text) {
  int64_t id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size())
    base::input_error("cli.runs", {"which run?", text, "its number", "athanor runs list"});
  auto run = history.find(id);
  if (!run) base::input_error("cli.runs", {"no such run", text, "", "athanor runs list"});
  return *run;
}

int show_run(const history::History& history, const Arguments& a) {
  if (a.runs.size() != 1)
    base::input_error("cli.runs", {"which run?", base::cat(a.runs.size(), " runs"), "one run's number", "athanor runs list"});
  const history::Run found = find_run(history, a.runs[0]), *run = &found;
  const int64_t id = run->id;
  std::vector<history::Point> points = history.points(id);
  if (a.json) {
    base::Json json = as_json(*run), curves = base::Json::object();
    for (const history::Point& point : points) curves[point.metric].push_back({point.step, point.value});
    json["recipe"] = run->recipe, json["curves"] = curves;
    return print_json(json), 0;
  }
  std::map<std::string, std::pair<double, double>> ends;  // metric -> first and newest value
  for (const history::Point& point : points)
    ends.try_emplace(point.metric, point.value, point.value).first->second.second = point.value;
  print(base::cat("run ", run->id, "  ", run->stage, "  ", run->status, "  step ", run->step, "/", run->steps, "\n", run->out,
                  "\nstarted ", local_time(run->started), ", last heard of ", local_time(run->updated), "\n\n"));
  std::vector<std::vector<std::string>> rows = {{"metric", "first", "newest"}};
  for (const auto& [metric, values] : ends)
    rows.push_back({metric, base::cat(static_cast<float>(values.first)), base::cat(static_cast<float>(values.second))});
  print(text_table(rows) + "\n" + run->recipe);
  return 0;
}

int compare(const history::History& history, const Arguments& a) {
  if (a.runs.size() < 2)
    base::input_error("cli.runs", {"which runs?", base::cat(a.runs.size()), "the numbers of two or more", "athanor runs list"});
  std::vector<history::Run> runs;
  for (const std::string& text : a.runs) runs.push_back(find_run(history, text));
  const RunComparison comparison = compare_runs(history, runs);
  return a.json ? print_json(comparison.json()) : print(comparison.text()), 0;
}

/// Until Ctrl-C, which is how it is meant to end.
int serve(const Arguments& a) {
  if (!http::is_loopback(a.host) && !a.no_auth)
    base::input_error("cli.runs", {"the page has no password, and whoever reaches this address could read every run", a.host, "",
                                   "ssh -L 6006:localhost:6006 to this machine, or --no-auth if that is meant"});
  RunsApi api(history::default_path());
  http::ServerOptions options;
  options.host = a.host, options.port = a.port;
  char name[256] = {};
  if (!http::is_loopback(a.host) && gethostname(name, sizeof name - 1) == 0) options.names.emplace_back(name);
  http::Server server(options, [&](const http::Request& request) { return api.answer(request); });
  print(base::cat("the runs of this machine: ", server.url(), "\nCtrl-C ends it\n"));
  server.run(base::stop_requested);
  base::clear_stop();
  return 0;
}

int run(const Arguments& a) {
  if (a.what == "serve") return serve(a);
  if (a.what != "list" && a.what != "show" && a.what != "compare")
    base::input_error("cli.runs",
                      {"list, show, compare or serve?", a.what, "list, show and a run's number, compare and several, or serve"});
  auto history = history::History::open();
  if (a.what == "compare") return compare(history, a);
  return a.what == "list" ? list_runs(history, a) : show_run(history, a);
}

}  // namespace

Run declare_runs(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  flags.positional("WHAT", a->what, "list (also when left out), show, compare, or serve: all of it in the browser, live", false);
  flags.positionals("RUN", a->runs, "for show a run's number, for compare two or more", false);
  flags.integer("--limit", a->limit, {"newest runs that are listed; 0: all", 0, 1 << 20});
  flags.flag("--json", a->json, "one JSON object");
  flags.integer("--port", a->port, {"serve: where it listens; 0: a port that is free", 0, 65535});
  flags.text("--host", a->host, {.help = "serve: the address it listens on"});
  flags.flag("--no-auth", a->no_auth, "serve: let other machines read the runs without a password");
  return [a](const Invocation&) { return run(*a); };
}

}  // namespace athanor::app

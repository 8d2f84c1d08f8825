// athanor runs: the history of training runs.

#include <charconv>
#include <ctime>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/table.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/history/history.h"

namespace athanor::app {
namespace {

struct Arguments {
  std::string what = "list", run;
  int64_t limit = 20;
  bool json = false;
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

int show_run(const history::History& history, const Arguments& a) {
  int64_t id = 0;
  auto [end, error] = std::from_chars(a.run.data(), a.run.data() + a.run.size(), id);
  if (error != std::errc() || end != a.run.data() + a.run.size())
    base::input_error("cli.runs", {"which run?", a.run, "its number", "athanor runs list"});
  auto run = history.find(id);
  if (!run) base::input_error("cli.runs", {"no such run", a.run, "", "athanor runs list"});
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

int run(const Arguments& a) {
  if (a.what != "list" && a.what != "show")
    base::input_error("cli.runs", {"list or show?", a.what, "list, or show and a run's number"});
  auto history = history::History::open();
  return a.what == "list" ? list_runs(history, a) : show_run(history, a);
}

}  // namespace

Run declare_runs(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  flags.positional("WHAT", a->what, "list (also when left out), or show", false);
  flags.positional("RUN", a->run, "for show: the run's number", false);
  flags.integer("--limit", a->limit, {"newest runs that are listed; 0: all", 0, 1 << 20});
  flags.flag("--json", a->json, "one JSON object");
  return [a](const Invocation&) { return run(*a); };
}

}  // namespace athanor::app

#include "athanor/core/data/prepared.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/log.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

fs::path report_path(const fs::path& folder, const std::string& key) { return folder / ("report-" + key + ".json"); }

void save_report(const DataReport& report, const fs::path& path) {
  base::Json json = {{"documents", report.documents},   {"bytes", report.bytes},
                     {"tokens", report.tokens},         {"eval_documents", report.eval_documents},
                     {"eval_bytes", report.eval_bytes}, {"eval_tokens", report.eval_tokens}};
  if (report.learned_tokens > 0) json["learned_tokens"] = report.learned_tokens;
  if (!report.passes.empty()) json["passes"] = report.passes;
  if (const LabelTargets& labels = report.labels; !labels.names.empty())
    json["labels"] = {{"names", labels.names}, {"problem", labels.problem}, {"values", labels.values}};
  for (const auto& [step, count] : report.cleaning) json["cleaning"][step] = count;
  for (const StepReport& one : report.removed) json["removed"][one.step] = {{"bytes", one.bytes}, {"examples", one.examples}};
  base::write_file(path, json.dump(2) + "\n");
}

DataReport load_report(const fs::path& path) {
  base::Json json = base::read_json_file(path, "data.prepare");
  auto number = [&](const char* key) { return json.value(key, int64_t{0}); };
  DataReport report;
  report.documents = number("documents"), report.bytes = number("bytes"), report.tokens = number("tokens");
  report.eval_documents = number("eval_documents"), report.eval_bytes = number("eval_bytes");
  report.eval_tokens = number("eval_tokens"), report.learned_tokens = number("learned_tokens");
  report.passes = json.value("passes", std::vector<int64_t>());
  if (json.contains("labels")) {
    const base::Json& labels = json["labels"];
    labels.at("names").get_to(report.labels.names), labels.at("problem").get_to(report.labels.problem);
    labels.at("values").get_to(report.labels.values);
  }
  if (json.contains("cleaning"))
    for (const auto& [step, count] : json["cleaning"].items()) report.cleaning.emplace_back(step, count.get<int64_t>());
  if (json.contains("removed"))
    for (const auto& [step, one] : json["removed"].items())
      report.removed.push_back({step, json["cleaning"].value(step, int64_t{0}), one.value("bytes", int64_t{0}),
                                one.value("examples", std::vector<std::string>())});
  return report;
}

/// The shards of an earlier run, where they are whole.
std::optional<PreparedData> reuse(const fs::path& train, const fs::path& eval, bool wants_eval, const fs::path& report) {
  if (!fs::exists(train) || !fs::exists(report) || (wants_eval && !fs::exists(eval))) return std::nullopt;
  try {
    PreparedData data;
    data.train = TokenShard::open(train);
    if (wants_eval) data.eval = TokenShard::open(eval);
    data.report = load_report(report);
    data.reused = true;
    return data;
  } catch (const std::exception& error) {
    base::log_warning(base::cat("token shards are made again: ", error.what()));
    return std::nullopt;
  }
}

}  // namespace

void report_cleaning(const Cleaner& cleaner, DataReport& report) {
  for (const StepReport& step : cleaner.report()) {
    report.cleaning.emplace_back(step.step, step.count);
    if (step.count > 0) report.removed.push_back(step);
  }
}

bool wants_eval(const DataOptions& options) { return options.holdout > 0 || !options.eval.empty(); }

void check(const DataOptions& options) {
  if (options.train.empty()) base::input_error("data.prepare", {"no training data", "", "", "set data.train to one or more files"});
  if (!options.eval.empty() && options.holdout > 0)
    base::input_error("data.prepare", {"data.eval and data.holdout are both set", "", "one of them"});
}

uint64_t total_bytes(const DataOptions& options) {
  uint64_t total = 0;
  for (const auto* files : {&options.train, &options.eval})
    for (const fs::path file : *files) {
      std::error_code error;
      uint64_t bytes = fs::file_size(file, error);
      if (error) base::file_error("data.prepare", {"cannot read " + file.string(), error.message()});
      total += bytes;
    }
  return total;
}

base::Json key_of_files(const DataOptions& options) {
  DataOptions relevant = options;  // what the sampler alone uses does not change the shards
  const DataOptions plain;
  relevant.cross_documents = plain.cross_documents, relevant.eval_overlap = plain.eval_overlap, relevant.packing = plain.packing;
  relevant.mix = plain.mix, relevant.temperature = plain.temperature, relevant.exhausted = plain.exhausted;
  relevant.train.clear(), relevant.eval.clear(), relevant.watch.clear();
  base::Json key = base::node_to_json(base::options_to_node(base::visit_of(relevant)));
  for (const auto& [name, files] : {std::pair("train", &options.train), std::pair("eval", &options.eval)})
    for (const fs::path file : *files)
      key[name].push_back(base::hash_hex(base::hash_file(file)) + file.stem().extension().string() + file.extension().string());
  return key;
}

PreparedData prepared_once(const fs::path& folder, uint64_t key, bool wants_eval,
                           const std::function<DataReport(const fs::path& train, const fs::path& eval)>& make) {
  const std::string hex = base::hash_hex(key);
  const fs::path train = folder / ("train-" + hex + ".tokens"), eval = folder / ("eval-" + hex + ".tokens");
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) base::file_error("data.prepare", {"cannot make the folder " + folder.string(), error.message()});
  auto data = reuse(train, eval, wants_eval, report_path(folder, hex));
  if (!data) {
    save_report(make(train, eval), report_path(folder, hex));
    data = reuse(train, eval, wants_eval, report_path(folder, hex));
    base::expect(data.has_value(), "data.prepare", "shards just written cannot be read");
    data->reused = false;
  }
  data->key = key;
  return std::move(*data);
}

}  // namespace athanor::data

#include "athanor/learn/train/trainer_state.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"

namespace athanor::train {
namespace {

using base::Json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// Hugging Face's words; train.log has the shorter ones.
Json history_entry(const LogEntry& entry) {
  Json json = {{"epoch", entry.epoch}, {"step", entry.step}};
  if (entry.training) {
    json["loss"] = number(entry.training->loss);
    json["learning_rate"] = entry.training->lr;
    json["grad_norm"] = number(entry.training->grad_norm);
    json["tokens_per_second"] = entry.training->tokens_per_second;
  }
  if (entry.held_out) {
    json["eval_loss"] = number(entry.held_out->loss);
    if (!std::isnan(entry.held_out->bits_per_byte)) json["eval_bits_per_byte"] = number(entry.held_out->bits_per_byte);
    for (const auto& [name, value] : entry.held_out->metrics) json["eval_" + name] = number(value);
    json["eval_runtime"] = entry.held_out->seconds;
  }
  return json;
}

double number_at(const Json& json, const char* key) { return json.at(key).is_null() ? std::nan("") : json.at(key).get<double>(); }

LogEntry::HeldOut held_out_of(const Json& json) {
  LogEntry::HeldOut held_out{number_at(json, "eval_loss"), std::nan(""), number_at(json, "eval_runtime"), {}};
  if (json.contains("eval_bits_per_byte")) held_out.bits_per_byte = number_at(json, "eval_bits_per_byte");
  for (const auto& [key, value] : json.items())
    if (key.starts_with("eval_") && key != "eval_loss" && key != "eval_runtime" && key != "eval_bits_per_byte")
      held_out.metrics.emplace_back(key.substr(5), number_at(json, key.c_str()));
  return held_out;
}

LogEntry entry_of(const Json& json) {
  LogEntry entry;
  entry.step = json.at("step").get<int64_t>(), entry.epoch = json.at("epoch").get<double>();
  if (json.contains("loss"))
    entry.training = {number_at(json, "loss"), number_at(json, "learning_rate"), number_at(json, "grad_norm"),
                      number_at(json, "tokens_per_second")};
  if (json.contains("eval_loss")) entry.held_out = held_out_of(json);
  return entry;
}

}  // namespace

std::string log_line(const LogEntry& entry) {
  Json json = {{"step", entry.step}};
  if (entry.training) {
    json["loss"] = number(entry.training->loss);
    json["lr"] = entry.training->lr;
    json["grad_norm"] = number(entry.training->grad_norm);
    json["tokens_per_second"] = std::round(entry.training->tokens_per_second);
  }
  if (entry.held_out) {
    json["eval_loss"] = number(entry.held_out->loss);
    if (!std::isnan(entry.held_out->bits_per_byte)) json["bits_per_byte"] = number(entry.held_out->bits_per_byte);
    for (const auto& [name, value] : entry.held_out->metrics) json[name] = number(value);
  }
  json["epoch"] = entry.epoch;
  return json.dump();
}

void save_state(const TrainerState& state, int64_t max_steps, const std::filesystem::path& file) {
  Json history = Json::array();
  for (const LogEntry& entry : state.log) history.push_back(history_entry(entry));
  Json json = {{"global_step", state.step},
               {"max_steps", max_steps},
               {"epoch", state.log.empty() ? 0.0 : state.log.back().epoch},
               {"best_metric", state.best_loss ? Json(*state.best_loss) : Json(nullptr)},
               {"best_global_step", state.best_step},
               {"log_history", std::move(history)},
               {"athanor",
                {{"version", 1},
                 {"updates", state.updates},
                 {"skipped", state.skipped},
                 {"bad_in_a_row", state.bad_in_a_row},
                 {"elapsed_s", state.elapsed_s},
                 {"window_loss", state.window_loss},
                 {"window_steps", state.window_steps},
                 {"finished", state.finished},
                 {"data_key", state.data_key},
                 {"recipe", base::node_to_json(state.recipe)}}}};
  base::write_file(file, json.dump(2) + "\n");
}

TrainerState load_state(const std::filesystem::path& file) {
  Json json = base::read_json_file(file, "train.checkpoint");
  try {
    TrainerState state;
    const Json& own = json.at("athanor");
    if (int version = own.at("version").get<int>(); version != 1)
      base::file_error("train.checkpoint",
                       {file.string() + " was written by a newer Athanor", std::to_string(version), "version 1"});
    state.step = json.at("global_step").get<int64_t>();
    if (!json.at("best_metric").is_null()) state.best_loss = json.at("best_metric").get<double>();
    state.best_step = json.at("best_global_step").get<int64_t>();
    state.updates = own.at("updates").get<int64_t>(), state.skipped = own.at("skipped").get<int64_t>();
    state.bad_in_a_row = own.at("bad_in_a_row").get<int64_t>(), state.elapsed_s = own.at("elapsed_s").get<double>();
    state.window_loss = own.at("window_loss").get<double>(), state.window_steps = own.at("window_steps").get<int64_t>();
    state.finished = own.at("finished").get<bool>(), state.data_key = own.at("data_key").get<std::string>();
    state.recipe = base::node_from_json(own.at("recipe"));
    for (const Json& entry : json.at("log_history")) state.log.push_back(entry_of(entry));
    return state;
  } catch (const nlohmann::json::exception& error) {
    base::file_error("train.checkpoint", {file.string() + " is not a trainer state", error.what()});
  }
}

}  // namespace athanor::train

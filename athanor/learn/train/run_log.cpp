#include "athanor/learn/train/run_log.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/memory.h"
#include "athanor/learn/train/objective.h"

namespace athanor::train {
namespace {

std::string rate_text(double lr) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", lr);
  return text;
}

}  // namespace

std::string clock_text(double seconds) {
  auto whole = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  auto two = [](int64_t n) { return base::cat(n < 10 ? "0" : "", n); };
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60;
  return hours > 0 ? base::cat(hours, ":", two(minutes), ":", two(whole % 60)) : base::cat(minutes, ":", two(whole % 60));
}

std::string Evaluation::text() const {
  std::string text = base::cat("held-out loss ", base::fixed(loss(), 4));
  if (bytes > 0) text += base::cat(", ", base::fixed(bits_per_byte(), 4), " bits per byte");
  for (const auto& [name, value] : metrics) text += base::cat(", ", name, " ", base::fixed(value, 4));
  return text;
}

RunLog::RunLog(const RunLogOptions& options, const TrainerState& state)
    : options_(options), file_(nullptr, std::fclose), events_(options.folder / "tensorboard", state.step) {
  const std::filesystem::path path = options.folder / "train.log";
  std::string earlier;
  for (const LogEntry& entry : state.log) earlier += log_line(entry) + "\n";
  base::write_file(path, earlier);
  file_.reset(std::fopen(path.c_str(), "a"));
  if (!file_) base::file_error("train.log", {"cannot write " + path.string(), std::strerror(errno)});
  if (!options.history) return;
  try {
    history_.emplace(history::History::open());
    history::Run run;
    run.stage = options.stage, run.out = std::filesystem::absolute(options.folder).lexically_normal().string(),
    run.recipe = options.recipe;
    run.pid = getpid(), run.step = state.step, run.steps = options.steps;
    run_ = history_->begin(run, state.step > 0);
  } catch (const base::Error& error) {
    without_history(error);
  }
}

void RunLog::without_history(const std::exception& error) {
  base::log_warning(base::cat("this run is not in the history: ", error.what()));
  history_.reset();
}

void RunLog::add(const LogEntry& entry, double elapsed_s) {
  std::string line = log_line(entry) + "\n";
  if (std::fputs(line.c_str(), file_.get()) < 0 || std::fflush(file_.get()) != 0)
    base::file_error("train.log", {"cannot write " + (options_.folder / "train.log").string(), std::strerror(errno)});
  std::vector<std::pair<std::string, float>> values;
  auto put = [&](const char* tag, double value) { values.emplace_back(tag, static_cast<float>(value)); };
  if (entry.training) {
    put("train/loss", entry.training->loss);
    put("train/lr", entry.training->lr);
    put("train/grad_norm", entry.training->grad_norm);
    put("train/tokens_per_second", entry.training->tokens_per_second);
  }
  if (entry.held_out) {
    put("eval/loss", entry.held_out->loss);
    for (const auto& [name, value] : entry.held_out->metrics) values.emplace_back("eval/" + name, static_cast<float>(value));
    if (!std::isnan(entry.held_out->bits_per_byte)) {
      put("eval/perplexity", std::exp(entry.held_out->loss));
      put("eval/bits_per_byte", entry.held_out->bits_per_byte);
    }
  }
  events_.add(entry.step, values);
  if (history_) to_history(entry, elapsed_s);
}

void RunLog::add_samples(int64_t step, const std::vector<std::string>& prompts, const std::vector<std::string>& texts) {
  if (!history_) return;
  std::vector<history::TextSample> samples;
  for (size_t i = 0; i < texts.size(); ++i) samples.push_back({step, static_cast<int64_t>(i), prompts.at(i), texts[i]});
  try {
    history_->add_samples(run_, samples);
  } catch (const base::Error& error) {
    without_history(error);
  }
}

void RunLog::to_history(const LogEntry& entry, double elapsed_s) {
  std::vector<history::Point> points;
  auto put = [&](const char* metric, double value) {
    if (std::isfinite(value)) points.push_back({entry.step, metric, value});
  };
  if (entry.training) {
    put("loss", entry.training->loss);
    put("lr", entry.training->lr);
    put("grad_norm", entry.training->grad_norm);
    put("tokens_per_second", entry.training->tokens_per_second);
  }
  if (entry.held_out) {
    put("eval_loss", entry.held_out->loss);
    put("bits_per_byte", entry.held_out->bits_per_byte);
    for (const auto& [name, value] : entry.held_out->metrics) put(name.c_str(), value);
  }
  put("elapsed_s", elapsed_s);
  if (entry.training) put("memory_bytes", base::resident_bytes());
  try {
    history_->add(run_, entry.step, points);
  } catch (const base::Error& error) {
    without_history(error);
  }
}

void RunLog::progress(const TrainerState& state, const LogEntry::Training& newest, double left_s) {
  if (!options_.progress) return;
  std::string line = base::cat("step ", state.step, "/", options_.steps, " loss ", base::fixed(newest.loss, 3), " lr ",
                               rate_text(newest.lr), " tok/s ", base::human_count(newest.tokens_per_second));
  if (left_s >= 0) line += " eta " + clock_text(left_s);
  options_.progress->update(line, static_cast<double>(state.step) / static_cast<double>(options_.steps));
}

void RunLog::finish(std::string_view status, std::string_view line) {
  if (options_.progress) options_.progress->finish(line);
  if (!history_) return;
  try {
    history_->finish(run_, status);
  } catch (const base::Error& error) {
    without_history(error);
  }
}

}  // namespace athanor::train

#include "athanor/core/base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "athanor/core/base/cat.h"

namespace athanor::base {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

constexpr double kRedraw = 0.1, kPlain = 5;  // seconds

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

/// At most `columns` bytes, never ending inside a UTF-8 character.
std::string_view fit(std::string_view text, size_t columns) {
  if (text.size() <= columns) return text;
  while (columns > 0 && (static_cast<unsigned char>(text[columns]) & 0xc0) == 0x80) --columns;
  return text.substr(0, columns);
}

void put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

class TerminalSink : public ProgressSink {
 public:
  void update(std::string_view line, double fraction) override {
    if (now() - last_ < kRedraw) return;
    last_ = now();
    put("\r\033[K" + bar(fraction) + std::string(fit(line, terminal_width() - 1 - (fraction < 0 ? 0 : kBarColumns))));
  }
  void finish(std::string_view line) override { put("\r\033[K" + std::string(line) + "\n"); }

 private:
  static constexpr size_t kBarColumns = 23;
  static std::string bar(double fraction) {
    if (fraction < 0) return "";
    constexpr int kCells = 20;
    const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kCells);
    const std::string cells = std::string(static_cast<size_t>(full), '=') + std::string(static_cast<size_t>(kCells - full), ' ');
    return "[" + (std::getenv("NO_COLOR") ? cells : "\033[36m" + cells + "\033[0m") + "] ";
  }
  double last_ = 0;
};

class PlainSink : public ProgressSink {
 public:
  void update(std::string_view line, double) override {
    if (now() - last_ < kPlain) return;
    last_ = now();
    put(std::string(line) + "\n");
  }
  void finish(std::string_view line) override { put(std::string(line) + "\n"); }

 private:
  double last_ = now();
};

std::mutex mutex;
ProgressSink* the_sink = nullptr;

std::string clock_text(double seconds) {
  const auto s = static_cast<int64_t>(seconds);
  const auto two = [](int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return s < 3600 ? cat(s / 60, ":", two(s % 60)) : cat(s / 3600, ":", two(s / 60 % 60), ":", two(s % 60));
}

}  // namespace

std::unique_ptr<ProgressSink> terminal_progress() {
  if (isatty(STDERR_FILENO)) return std::make_unique<TerminalSink>();
  return std::make_unique<PlainSink>();
}

void set_progress_sink(ProgressSink* sink) {
  std::lock_guard lock(mutex);
  the_sink = sink;
}

Progress::Progress(std::string label, uint64_t total, std::string unit)
    : label_(std::move(label)), unit_(std::move(unit)), total_(total), start_(now()) {}

Progress::~Progress() {
  if (!finished_) finish();
}

void Progress::advance(uint64_t amount, std::string_view note) {
  done_ += amount;
  std::lock_guard lock(mutex);
  if (the_sink) the_sink->update(line(note), total_ ? static_cast<double>(done_) / static_cast<double>(total_) : -1);
}

void Progress::finish(std::string_view note) {
  if (std::exchange(finished_, true)) return;
  std::lock_guard lock(mutex);
  if (the_sink) the_sink->finish(line(note));
}

std::string Progress::line(std::string_view note) const {
  const double seconds = now() - start_, done = static_cast<double>(done_);
  const double rate = seconds > 0 ? done / seconds : 0;
  std::string text = label_ + " " + human_count(done);
  if (total_) text += "/" + human_count(static_cast<double>(total_));
  if (!note.empty()) text += " " + std::string(note);
  text += " " + human_count(rate) + " " + unit_ + "/s";
  if (finished_) return text + " in " + clock_text(seconds);
  if (total_ && rate > 0) text += " eta " + clock_text(std::max(0.0, (static_cast<double>(total_) - done) / rate));
  return text;
}

}  // namespace athanor::base

#pragma once
// Progress of long work. On a terminal one line is redrawn at most ten times a second; elsewhere a plain line every few seconds.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace athanor::base {

/// Where progress is drawn; the program makes one, the library only calls it.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  /// `line` is complete text ("step 120/1000 loss 2.31 ..."); fraction in [0, 1], or < 0 where the end is unknown.
  virtual void update(std::string_view line, double fraction) = 0;
  /// The work is over; the line stays.
  virtual void finish(std::string_view line) = 0;
};

/// Draws on standard error: a bar on a terminal, plain lines otherwise. NO_COLOR is honoured.
std::unique_ptr<ProgressSink> terminal_progress();

void set_progress_sink(ProgressSink* sink);  // nullptr: silent

/// One piece of work with a known or unknown number of steps.
class Progress {
 public:
  /// `unit` is shown with the rate: "tok", "MB", "documents". total 0 = unknown.
  Progress(std::string label, uint64_t total, std::string unit);
  ~Progress();
  void advance(uint64_t amount, std::string_view note = {});
  void finish(std::string_view note = {});

 private:
  std::string line(std::string_view note) const;
  std::string label_, unit_;
  uint64_t total_, done_ = 0;
  double start_;
  bool finished_ = false;
};

}  // namespace athanor::base

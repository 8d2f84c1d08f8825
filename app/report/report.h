#pragma once
// The quickstart's report: one HTML file that needs nothing beside itself and no network.

#include <string>
#include <vector>

#include "app/report/chart.h"

namespace athanor::app {

struct Sample {
  double temperature = 0;
  std::string prompt, text;
};

/// A row of a table: what, and its value.
struct Fact {
  std::string name, value;
};

/// A command to try next, and why.
struct NextStep {
  std::string sentence, command;
};

/// A question and what is answered before tuning, after it, and with an adapter.
struct Answer {
  std::string question, expected, before, tuned, adapter;
};

struct Report {
  std::string title, subtitle;
  double before = 0, after = 0;  // nats per byte on the held-out text
  double guess = 0;              // nats per byte of the best guess that knows only how often each byte occurs
  int64_t held_out_bytes = 0;
  std::vector<Series> losses;  // nats per byte against the step
  std::vector<Sample> samples;
  std::vector<Answer> answers;
  std::vector<Fact> tuning;
  std::vector<Fact> model, training, speed, environment;
  std::vector<NextStep> next;
};

std::string report_page(const Report& report);

}  // namespace athanor::app

#pragma once
// A line chart as SVG text. Colours come from the page's CSS (.series-0, .series-1, ...), so it follows light and dark; page.js
// shows the values under the pointer.

#include <string>
#include <string_view>
#include <vector>

namespace athanor::app {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // (x, y), x rising
  bool markers = false;                           // few points: a dot on each
};

struct ChartLabels {
  std::string x, y, description;  // description: for readers who do not see the picture
};

std::string line_chart(const std::vector<Series>& series, const ChartLabels& labels);

/// At most `count` points, each the mean of its neighbours: a long noisy curve as a readable line.
std::vector<std::pair<double, double>> thinned(const std::vector<std::pair<double, double>>& points, size_t count);

/// Round numbers that divide [low, high] into about `wanted` parts.
std::vector<double> ticks(double low, double high, int wanted);

/// `<`, `>`, `&` and quotes as HTML writes them.
std::string html_text(std::string_view text);

}  // namespace athanor::app

#include "app/report/chart.h"

#include <algorithm>
#include <cmath>

#include "athanor/core/base/cat.h"

namespace athanor::app {
namespace {

using base::cat;
using base::fixed;

constexpr double kWidth = 880, kHeight = 380, kLeft = 62, kRight = 16, kTop = 16, kBottom = 50;

struct Scale {
  double low, high, from, to;
  double operator()(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

struct Axes {
  Scale x, y;
  std::vector<double> x_ticks, y_ticks;
};

Axes axes_of(const std::vector<Series>& series) {
  double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
  for (const Series& s : series)
    for (auto [x, y] : s.points) {
      x_low = std::min(x_low, x), x_high = std::max(x_high, x);
      y_low = std::min(y_low, y), y_high = std::max(y_high, y);
    }
  if (!(x_high >= x_low)) x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  if (x_high == x_low) x_high = x_low + 1;
  if (y_high == y_low) y_high = y_low + 1;
  auto y_ticks = ticks(y_low, y_high, 6);
  double step = y_ticks.size() > 1 ? y_ticks[1] - y_ticks[0] : 1;
  y_low = std::min(y_low, std::floor(y_low / step) * step), y_high = std::ceil(y_high / step) * step;
  return {{x_low, x_high, kLeft, kWidth - kRight},
          {y_low, y_high, kHeight - kBottom, kTop},
          ticks(x_low, x_high, 8),
          ticks(y_low, y_high, 6)};
}

std::string tick_text(double value, const std::vector<double>& all) {
  double step = all.size() > 1 ? all[1] - all[0] : 1;
  if (std::abs(value) >= 10000) return base::human_count(value);
  return fixed(value, std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 4));
}

std::string grid(const Axes& axes, const ChartLabels& labels) {
  std::string out;
  for (double value : axes.y_ticks) {
    std::string y = fixed(axes.y(value), 1);
    out += cat("<line class='grid' x1='", kLeft, "' x2='", kWidth - kRight, "' y1='", y, "' y2='", y,
               "'/><text class='tick' text-anchor='end' x='", kLeft - 8, "' y='", y, "' dy='.32em'>",
               tick_text(value, axes.y_ticks), "</text>");
  }
  for (double value : axes.x_ticks)
    out += cat("<text class='tick' text-anchor='middle' x='", fixed(axes.x(value), 1), "' y='", kHeight - kBottom + 20, "'>",
               tick_text(value, axes.x_ticks), "</text>");
  out += cat("<line class='axis' x1='", kLeft, "' x2='", kWidth - kRight, "' y1='", kHeight - kBottom, "' y2='", kHeight - kBottom,
             "'/>");
  out += cat("<text class='label' text-anchor='middle' x='", (kLeft + kWidth - kRight) / 2, "' y='", kHeight - 8, "'>",
             html_text(labels.x), "</text>");
  out += cat("<text class='label' text-anchor='middle' transform='translate(16 ", (kTop + kHeight - kBottom) / 2, ") rotate(-90)'>",
             html_text(labels.y), "</text>");
  return out;
}

std::string curve(const Series& series, size_t index, const Axes& axes) {
  std::string line, dots, values;
  for (auto [x, y] : series.points) {
    std::string at_x = fixed(axes.x(x), 1), at_y = fixed(axes.y(y), 1);
    line += (line.empty() ? "" : " ") + at_x + "," + at_y;
    if (series.markers) dots += cat("<circle cx='", at_x, "' cy='", at_y, "' r='3'/>");
    values += (values.empty() ? "" : ";") + cat(fixed(x, 0), ",", fixed(y, 4), ",", at_x, ",", at_y);
  }
  return cat("<g class='series series-", index, "' data-name='", html_text(series.name), "' data-points='", values,
             "'><polyline points='", line, "'/>", dots, "</g>");
}

}  // namespace

std::vector<double> ticks(double low, double high, int wanted) {
  double rough = (high - low) / wanted, power = std::pow(10, std::floor(std::log10(rough))), step = power;
  for (double factor : {1.0, 2.0, 2.5, 5.0, 10.0})
    if (step = factor * power; step >= rough * 0.999) break;
  std::vector<double> out;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k) out.push_back(k * step);
  return out;
}

std::vector<std::pair<double, double>> thinned(const std::vector<std::pair<double, double>>& points, size_t count) {
  if (points.size() <= count) return points;
  std::vector<std::pair<double, double>> out;
  for (size_t i = 0; i < count; ++i) {
    size_t begin = i * points.size() / count, end = (i + 1) * points.size() / count;
    double x = 0, y = 0;
    for (size_t k = begin; k < end; ++k) x += points[k].first, y += points[k].second;
    out.emplace_back(x / static_cast<double>(end - begin), y / static_cast<double>(end - begin));
  }
  return out;
}

std::string line_chart(const std::vector<Series>& series, const ChartLabels& labels) {
  Axes axes = axes_of(series);
  std::string out = cat("<figure class='chart'><figcaption>");
  for (size_t i = 0; i < series.size(); ++i) out += cat("<span class='key key-", i, "'>", html_text(series[i].name), "</span>");
  out += cat("</figcaption><svg viewBox='0 0 ", kWidth, " ", kHeight, "' role='img' aria-label='", html_text(labels.description),
             "'>", grid(axes, labels));
  for (size_t i = 0; i < series.size(); ++i) out += curve(series[i], i, axes);
  return out +
         cat("<line class='pointer' y1='", kTop, "' y2='", kHeight - kBottom, "'/></svg><div class='tip' hidden></div></figure>\n");
}

std::string html_text(std::string_view text) {
  std::string out;
  for (char c : text) switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

}  // namespace athanor::app

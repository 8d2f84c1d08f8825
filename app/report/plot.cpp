#include "app/report/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "app/report/chart.h"
#include "athanor/core/base/cat.h"

namespace athanor::app {
namespace {

using base::cat;
using base::fixed;

constexpr double kPlotWidth = 880, kPlotHeight = 440, kRowHeight = 27, kRightSide = 24, kTopSide = 66, kBottomSide = 52;
constexpr double kLetter = 6.8, kLabelHeight = 13;  // of a letter of 12 px

// Plain colours, no CSS variables: also viewers that are no browsers draw it.
constexpr const char* kPlotStyle =
    "<style>svg{font:12px system-ui,-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif}.paper{fill:"
    "#fff}text{fill:#68707a}.title{fill:#1f2328;font-size:15px;font-weight:600}.row,.key,.name{fill:#1f2328}.g"
    "rid{stroke:#e2dfd8}.curve{fill:none;stroke-width:1.8}.bar{stroke-width:1.6}.f0{fill:#2563a8}.k0{stroke:#2"
    "563a8}.f1{fill:#c2410c}.k1{stroke:#c2410c}.f2{fill:#2f7d4f}.k2{stroke:#2f7d4f}.f3{fill:#8250a8}.k3{stroke"
    ":#8250a8}.f4{fill:#a8791a}.k4{stroke:#a8791a}.f5{fill:#b03a6b}.k5{stroke:#b03a6b}@media(prefers-color-sch"
    "eme:dark){.paper{fill:#15171a}text{fill:#98a0aa}.title,.row,.key,.name{fill:#e6e3dd}.grid{stroke:#2d3137}"
    ".f0{fill:#7fb0e6}.k0{stroke:#7fb0e6}.f1{fill:#fb923c}.k1{stroke:#fb923c}.f2{fill:#6cc58e}.k2{stroke:#6cc5"
    "8e}.f3{fill:#c39be4}.k3{stroke:#c39be4}.f4{fill:#e0b656}.k4{stroke:#e0b656}.f5{fill:#ef86b0}.k5{stroke:#e"
    "f86b0}}</style>";

/// From numbers to places, by the logarithm where asked.
struct PlotAxis {
  double low = 0, high = 1, from = 0, to = 1;
  bool log = false;
  double operator()(double value) const {
    const double v = !log ? value : value > 0 ? std::log10(value) : low;  // a bar that reaches below zero ends at the edge
    return from + (v - low) / (high - low) * (to - from);
  }
  std::vector<double> marks(int wanted) const {
    if (!log) return ticks(low, high, wanted);
    std::vector<double> out;
    const bool long_range = high - low > 2.2;
    for (double power = std::floor(low); power <= high; ++power)
      for (double factor : {1.0, 2.0, 5.0}) {
        const double at = power + std::log10(factor);
        if (at >= low - 1e-9 && at <= high + 1e-9 && (factor == 1.0 || !long_range)) out.push_back(std::pow(10, at));
      }
    return out;
  }
};

/// An axis that shows every value, with a little room on both sides.
PlotAxis axis_over(const std::vector<double>& values, bool log, double from, double to) {
  double low = INFINITY, high = -INFINITY;
  for (double value : values) {
    const double v = log ? std::log10(value) : value;
    if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  }
  if (!(high >= low)) low = 0, high = 1;
  const double room = high > low ? 0.06 * (high - low) : 0.5;
  return {low >= 0 && low <= room && !log ? 0 : low - room, high + room, from, to, log};
}

std::string number_text(double value) {
  char text[32];
  if (std::abs(value) < 1e-12) value = 0;  // no "-0"
  std::snprintf(text, sizeof text, std::abs(value) >= 10000 ? "%.0e" : "%.5g", value);
  return text;
}

class Drawing {
 public:
  explicit Drawing(const Plot& plot) : plot_(plot) {
    size_t longest = 0;
    for (const std::string& row : plot.rows) longest = std::max(longest, row.size());
    left_ = plot.rows.empty() ? 64 : 20 + kLetter * static_cast<double>(longest);
    height_ = plot.rows.empty() ? kPlotHeight
                                : kTopSide + kBottomSide + kRowHeight * static_cast<double>(std::max<size_t>(1, plot.rows.size()));
    std::vector<double> xs, ys;
    for (const PlotSeries& series : plot.series)
      for (const Mark& mark : series.marks) {
        for (double side : {-1.0, 1.0}) xs.push_back(mark.x + side * mark.x_error), ys.push_back(mark.y + side * mark.y_error);
      }
    x_ = axis_over(xs, plot.log_x, left_, kPlotWidth - kRightSide);
    y_ = axis_over(ys, plot.log_y, height_ - kBottomSide, kTopSide);
    if (!plot.rows.empty()) y_ = {-0.5, static_cast<double>(plot.rows.size()) - 0.5, kTopSide, height_ - kBottomSide};
  }

  std::string svg() {
    std::string out =
        cat("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ", kPlotWidth, " ", height_, "' role='img' aria-label='",
            html_text(plot_.title), "'>", kPlotStyle, "<rect class='paper' width='100%' height='100%'/>",
            "<text class='title' x='16' y='26'>", html_text(plot_.title), "</text>", keys(), grid());
    for (size_t i = 0; i < plot_.series.size(); ++i) out += draw(plot_.series[i], i);
    return out + labels() + "</svg>\n";
  }

 private:
  struct Box {
    double x, y, width;
    std::string text;
  };

  std::string keys() const {
    std::string out;
    double x = 16;
    for (size_t i = 0; i < plot_.series.size() && plot_.series.size() > 1; ++i) {
      const std::string& name = plot_.series[i].name;
      out += cat("<circle cx='", fixed(x + 5, 1), "' cy='46' r='4.5' class='f", i % 6, "'/><text class='key' x='", fixed(x + 15, 1),
                 "' y='50'>", html_text(name), "</text>");
      x += 36 + kLetter * static_cast<double>(name.size());
    }
    return out;
  }

  std::string grid() const {
    std::string out;
    const double bottom = height_ - kBottomSide;
    for (double value : x_.marks(8)) {
      const std::string x = fixed(x_(value), 1);
      out += cat("<line class='grid' x1='", x, "' x2='", x, "' y1='", kTopSide, "' y2='", bottom,
                 "'/><text text-anchor='middle' x='", x, "' y='", bottom + 18, "'>", number_text(value), "</text>");
    }
    for (size_t i = 0; i < plot_.rows.size(); ++i)
      out += cat("<text class='row' text-anchor='end' x='", left_ - 8, "' y='", fixed(y_(static_cast<double>(i)), 1),
                 "' dy='.33em'>", html_text(plot_.rows[i]), "</text>");
    if (plot_.rows.empty()) {
      for (double value : y_.marks(7)) {
        const std::string y = fixed(y_(value), 1);
        out += cat("<line class='grid' x1='", left_, "' x2='", kPlotWidth - kRightSide, "' y1='", y, "' y2='", y,
                   "'/><text text-anchor='end' x='", left_ - 8, "' y='", y, "' dy='.33em'>", number_text(value), "</text>");
      }
      out += cat("<text text-anchor='middle' transform='translate(14 ", (kTopSide + bottom) / 2, ") rotate(-90)'>",
                 html_text(plot_.y), "</text>");
    }
    return out + cat("<text text-anchor='middle' x='", (left_ + kPlotWidth - kRightSide) / 2, "' y='", height_ - 10, "'>",
                     html_text(plot_.x), "</text>");
  }

  std::string draw(const PlotSeries& series, size_t index) {
    // several series over the same rows stand a little apart
    const auto count = static_cast<double>(plot_.series.size());
    const double apart = plot_.rows.empty() ? 0 : (static_cast<double>(index) - (count - 1) / 2) * std::min(7.0, 18 / count);
    const std::string colour = cat(index % 6);
    std::string points, out;
    for (const Mark& mark : series.marks) {
      const double x = x_(mark.x), y = y_(mark.y) + apart;
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      points += cat(points.empty() ? "" : " ", fixed(x, 1), ",", fixed(y, 1));
      if (mark.x_error > 0) out += bar(x_(mark.x - mark.x_error), y, x_(mark.x + mark.x_error), y, colour);
      if (mark.y_error > 0) out += bar(x, y_(mark.y - mark.y_error), x, y_(mark.y + mark.y_error), colour);
      out += cat("<circle cx='", fixed(x, 1), "' cy='", fixed(y, 1), "' r='4' class='f", colour, "'/>");
      if (!mark.label.empty()) place_label(mark.label, x, y);
    }
    if (!series.line) return out;
    return cat("<polyline class='curve k", colour, "' points='", points, "'/>", out);
  }

  std::string bar(double x1, double y1, double x2, double y2, const std::string& colour) const {
    return cat("<line class='bar k", colour, "' x1='", fixed(x1, 1), "' x2='", fixed(x2, 1), "' y1='", fixed(y1, 1), "' y2='",
               fixed(y2, 1), "'/>");
  }

  /// Above and right of the point, clear of its bars, or left where the picture ends; moved down or up until it lies over no other.
  void place_label(const std::string& text, double x, double y) {
    Box box{x + 9, y - 6, kLetter * static_cast<double>(text.size()), text};
    if (box.x + box.width > kPlotWidth - 4) box.x = x - 9 - box.width;
    const double start = box.y;
    for (int k = 1; k < 24 && taken(box); ++k) box.y = start + (k % 2 != 0 ? 1 : -1) * ((k + 1) / 2) * kLabelHeight;
    labels_.push_back(box);
  }

  bool taken(const Box& box) const {
    return std::any_of(labels_.begin(), labels_.end(), [&](const Box& other) {
      return std::abs(other.y - box.y) < kLabelHeight && box.x < other.x + other.width && other.x < box.x + box.width;
    });
  }

  std::string labels() const {
    std::string out;
    for (const Box& box : labels_)
      out += cat("<text class='name' x='", fixed(box.x, 1), "' y='", fixed(box.y, 1), "'>", html_text(box.text), "</text>");
    return out;
  }

  const Plot& plot_;
  double left_ = 0, height_ = 0;
  PlotAxis x_, y_;
  std::vector<Box> labels_;
};

}  // namespace

std::string svg_plot(const Plot& plot) { return Drawing(plot).svg(); }

}  // namespace athanor::app

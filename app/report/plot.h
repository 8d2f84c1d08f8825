#pragma once
// A picture of measured numbers as one SVG file that stands alone: points with error bars over numbers or over named rows, lines.
// It follows light and dark.

#include <string>
#include <vector>

namespace athanor::app {

struct Mark {
  double x = 0, y = 0;
  double x_error = 0, y_error = 0;  // half the length of the bar; 0: none
  std::string label = {};           // beside the point
};

struct PlotSeries {
  std::string name;
  std::vector<Mark> marks;
  bool line = false;  // joins the marks
};

struct Plot {
  std::string title, x, y;             // y is not shown where there are rows
  std::vector<std::string> rows = {};  // named places on the y axis, the first on top: y is the row's number
  bool log_x = false, log_y = false;   // log_y not with rows
  std::vector<PlotSeries> series = {};
};

/// Marks that are not finite are left out.
std::string svg_plot(const Plot& plot);

}  // namespace athanor::app

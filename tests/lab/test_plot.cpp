#include "app/report/plot.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::app {
namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Plot, DrawsPointsBarsAndNames) {
  const std::string svg =
      svg_plot({"a < b", "x", "y", {}, false, false, {{"one", {{1, 2, 0.1, 0, "here"}, {3, 4, 0, 0.5, ""}}, true}}});
  EXPECT_EQ(count(svg, "<circle"), 2u);
  EXPECT_EQ(count(svg, "class='bar "), 2u);
  EXPECT_EQ(count(svg, "<polyline"), 1u);
  EXPECT_EQ(count(svg, ">here<"), 1u);
  EXPECT_NE(svg.find("a &lt; b"), std::string::npos);
}

TEST(Plot, RowsAndLogarithmsAndNothing) {
  const std::string rows = svg_plot({"t", "x", "", {"first", "second"}, false, false, {{"a", {{1, 0}, {2, 1}}}, {"b", {{3, 0}}}}});
  EXPECT_LT(rows.find(">first<"), rows.find(">second<"));
  EXPECT_EQ(count(rows, "<circle"), 5u) << "three points, two keys";
  const std::string logs = svg_plot({"t", "x", "y", {}, true, true, {{"a", {{1, 10, 0, 20, ""}, {100, 1000}}, true}}});
  for (const std::string& svg :
       {rows, logs, svg_plot({"empty", "x", "y"}), svg_plot({"t", "x", "y", {}, false, false, {{"a", {{NAN, 1}}}}})}) {
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
  }
}

TEST(Plot, NamesDoNotLieOverOneAnother) {
  Plot plot{"t", "x", "y"};
  plot.series = {{"a", {{1, 1, 0, 0, "one"}, {1.001, 1.001, 0, 0, "two"}, {5, 5, 0, 0, "far"}}}};
  const std::string svg = svg_plot(plot);
  const auto y_of = [&](const std::string& name) {
    const size_t end = svg.find(">" + name + "<"), begin = svg.rfind("y='", end) + 3;
    return std::stod(svg.substr(begin));
  };
  EXPECT_GE(std::abs(y_of("one") - y_of("two")), 12);
}

}  // namespace
}  // namespace athanor::app

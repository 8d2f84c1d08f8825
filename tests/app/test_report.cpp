#include "app/report/report.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::app {
namespace {

TEST(Chart, TicksAreRoundAndInside) {
  EXPECT_EQ(ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  for (auto [low, high] : {std::pair(1.37, 4.12), std::pair(0.0, 733.0), std::pair(-2.0, 2.0)}) {
    auto marks = ticks(low, high, 6);
    ASSERT_GE(marks.size(), 3u);
    ASSERT_LE(marks.size(), 13u);
    EXPECT_GE(marks.front(), low - 1e-9);
    EXPECT_LE(marks.back(), high + 1e-9);
  }
}

TEST(Chart, ThinningKeepsMeansAndOrder) {
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i < 1000; ++i) points.emplace_back(i, i % 2);
  auto thin = thinned(points, 100);
  ASSERT_EQ(thin.size(), 100u);
  for (auto [x, y] : thin) EXPECT_DOUBLE_EQ(y, 0.5);
  EXPECT_LT(thin[3].first, thin[4].first);
  EXPECT_EQ(thinned(thin, 200), thin);
}

TEST(Chart, DrawsWhatItIsGiven) {
  std::string svg = line_chart({{"one", {{0, 1}, {10, 2}}, false}, {"<two>", {{5, 1.5}}, true}}, {"step", "loss", "a & b"});
  EXPECT_NE(svg.find("0,1.0000,62.0,"), std::string::npos) << svg;
  EXPECT_NE(svg.find("&lt;two&gt;"), std::string::npos);
  EXPECT_NE(svg.find("<circle"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(line_chart({{"empty", {}, false}}, {}).find("nan"), std::string::npos);
}

TEST(Report, IsOneFileWithoutTheNetworkAndEscapesTheModelsText) {
  Report report;
  report.title = "A model & its text";
  report.before = 6.9, report.after = 1.5, report.guess = 3.3, report.held_out_bytes = 111540;
  report.samples = {{0.8, "ROMEO:", "<script>alert(1)</script>"}};
  report.losses = {{"training", {{1, 3}, {2, 2}}, false}};
  report.answers = {{"Who?", "Petruchio.", "<i>", "Petruchio.", "Katharina."}};
  report.tuning = {{"answers that end", "2 of 3"}};
  report.next = {{"Try", "athanor generate \"x\" > y"}};
  std::string page = report_page(report);
  for (const char* outside : {"http://", "https://", "src=", "@import", "url(", "<link"})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert"), std::string::npos);
  EXPECT_NE(page.find("&lt;i&gt;"), std::string::npos);
  EXPECT_NE(page.find("2 of 3"), std::string::npos);
  EXPECT_NE(page.find("2.16"), std::string::npos);  // 1.5 nats in bits
  EXPECT_NE(page.find("prefers-color-scheme: dark"), std::string::npos);
}

}  // namespace
}  // namespace athanor::app

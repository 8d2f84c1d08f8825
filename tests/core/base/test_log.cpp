#include "athanor/core/base/log.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace athanor::base {
namespace {

TEST(Log, GoesToTheSinkAndNowhereElse) {
  std::vector<std::pair<LogLevel, std::string>> lines;
  set_log_sink([&](LogLevel level, std::string_view message) { lines.emplace_back(level, message); });
  log_info("one");
  log_warning("two");
  log(LogLevel::kError, "three");
  set_log_sink(nullptr);
  ::testing::internal::CaptureStderr();
  log_info("four");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], std::pair(LogLevel::kInfo, std::string("one")));
  EXPECT_EQ(lines[1].first, LogLevel::kWarning);
  EXPECT_EQ(lines[2].first, LogLevel::kError);
}

TEST(Log, OneLineAtATime) {
  int inside = 0, most = 0, lines = 0;
  set_log_sink([&](LogLevel, std::string_view) {
    most = std::max(most, ++inside);
    ++lines;
    --inside;
  });
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < 200; ++i) log_info("x");
      });
  }
  set_log_sink(nullptr);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(lines, 800);
}

}  // namespace
}  // namespace athanor::base

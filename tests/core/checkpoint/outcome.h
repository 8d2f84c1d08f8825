#pragma once
// Runs what a case of tests/malformed describes and compares: the kind of error, its text, its length, the time it took.

#include <gtest/gtest.h>

#include <ctime>
#include <functional>
#include <string>

#include "athanor/core/base/error.h"
#include "tests/testing/cases.h"

namespace athanor::testing {

/// `run` returns a short description of what was read. An error must begin with "[room." and name `file`.
inline void expect_outcome(const Case& one, std::string_view room, std::string_view file, const std::function<std::string()>& run) {
  SCOPED_TRACE(one.name + " (line " + std::to_string(one.line) + ")");
  std::string outcome;
  int exit_code = 0;
  const std::clock_t start = std::clock();  // of the processor, so that a busy machine does not fail it
  try {
    outcome = run();
  } catch (const base::Error& error) {
    outcome = error.what();
    exit_code = error.exit_code();
    EXPECT_TRUE(outcome.starts_with("[" + std::string(room) + ".")) << outcome;
    EXPECT_NE(outcome.find(file), std::string::npos) << outcome;
    EXPECT_LE(outcome.size(), 400u);
  }
  EXPECT_LT(std::clock() - start, CLOCKS_PER_SEC);
  EXPECT_EQ(exit_code, one.exit_code) << outcome;
  EXPECT_NE(outcome.find(one.expected), std::string::npos) << outcome;
}

}  // namespace athanor::testing

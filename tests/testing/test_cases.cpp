// The reader of case files itself: a malformed case must not pass for a good one.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/testing/cases.h"
#include "tests/testing/data.h"
#include "tests/testing/temp_folder.h"

namespace athanor::testing {
namespace {

std::string error_of(const char* text) {
  const TempFolder folder;
  try {
    read_cases(folder.write("x.cases", text));
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    return what.substr(what.find("x.cases") + 7);
  }
  return "";
}

TEST(Cases, AreRead) {
  const TempFolder folder;
  const auto cases = read_cases(
      folder.write("x.cases", "# note\n=== one\na\n\nb\n--- error 3: no\n=== two (escaped)\n\\x41\\{ab*3}\\n\n--- ok: yes\n"));
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].name, "one");
  EXPECT_EQ(cases[0].input, "a\n\nb");
  EXPECT_EQ(cases[0].exit_code, 3);
  EXPECT_EQ(cases[0].expected, "no");
  EXPECT_EQ(cases[0].line, 2);
  EXPECT_EQ(cases[1].name, "two");
  EXPECT_EQ(cases[1].input, "Aababab\n");
  EXPECT_EQ(cases[1].exit_code, 0);
}

TEST(Cases, MalformedOnesAreRefused) {
  EXPECT_EQ(error_of("# nothing\n"), ":1: no cases");
  EXPECT_EQ(error_of("=== a\nx\n"), ":2: the last case has no outcome");
  EXPECT_EQ(error_of("=== a\nx\n=== b\n"), ":3: the case before has no outcome");
  EXPECT_EQ(error_of("=== a\n--- fine: x\n"), ":2: an outcome is ok or error, not fine");
  EXPECT_EQ(error_of("=== a\n--- error x: y\n"), ":2: not a number: x");
  EXPECT_EQ(error_of("=== a (escaped)\n\\q\n--- ok: \n"), ":3: unknown escape \\q");
  EXPECT_EQ(error_of("=== a (escaped)\n\\{x\n--- ok: \n"), ":3: \\{text*count} is not closed");
}

/// Every format that a stranger writes has its broken files, each with what is said about it.
TEST(Cases, AreManyForEachFormat) {
  const std::pair<const char*, int> promised[] = {{"safetensors", 45}, {"gguf", 60},     {"tokenizer", 40}, {"config", 40},
                                                  {"adapter", 20},     {"template", 30}, {"yaml", 30},      {"json-schema", 30}};
  for (const auto& [format, errors] : promised) {
    const auto cases = read_cases(source_path(std::string("tests/malformed/") + format + ".cases"));
    EXPECT_GE(std::count_if(cases.begin(), cases.end(), [](const Case& one) { return one.exit_code != 0; }), errors) << format;
    for (const Case& one : cases) EXPECT_FALSE(one.exit_code != 0 && one.expected.empty()) << format << ":" << one.line;
  }
}

}  // namespace
}  // namespace athanor::testing

#include "athanor/core/base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "tests/testing/cases.h"
#include "tests/testing/cpu_time.h"
#include "tests/testing/data.h"
#include "tests/testing/temp_folder.h"

namespace athanor::base {
namespace {

using testing::Case;

TEST(Json, MalformedCases) {
  for (const Case& one : testing::read_cases(testing::source_path("tests/malformed/json.cases"))) {
    SCOPED_TRACE(cat("json.cases:", one.line, " ", one.name));
    std::string outcome;
    int exit_code = 0;
    try {
      outcome = parse_json(one.input, "base.json", "f.json", {.bytes = 2'000'000}).dump();
    } catch (const Error& error) {
      outcome = error.what();
      exit_code = error.exit_code();
      EXPECT_TRUE(outcome.starts_with("[base.json] f.json is ")) << outcome;
      EXPECT_LE(outcome.size(), 400u);
    }
    EXPECT_EQ(exit_code, one.exit_code) << outcome;
    EXPECT_NE(outcome.find(one.expected), std::string::npos) << outcome;
  }
}

TEST(Json, EveryPrefixOfADocumentIsRefused) {
  const std::string text = R"({"a": [1, -2.5e3, "\ud83d\ude00", null, true], "b": {"c": {}}})";
  EXPECT_NO_THROW(parse_json(text, "base.json", "f"));
  for (size_t n = 0; n < text.size(); ++n) EXPECT_THROW(parse_json(text.substr(0, n), "base.json", "f"), Error) << n;
}

TEST(Json, AVocabularyIsReadInLinearTime) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += cat(i ? "," : "", "\"token", i, "\":", i);
  const double start = testing::cpu_seconds();
  const Json json = parse_json(text + "}", "base.json", "vocab.json");
  EXPECT_EQ(json.size(), 200'000u);
  EXPECT_LT(testing::cpu_seconds() - start, 10);  // quadratic would take minutes
  EXPECT_THROW(parse_json(text + ",\"token7\":1}", "base.json", "vocab.json"), Error);
}

TEST(Json, ReadsFilesAndNamesThem) {
  const testing::TempFolder folder;
  EXPECT_EQ(read_json_file(folder.write("good.json", "{\"a\": 1}"), "base.json")["a"], 1);
  try {
    read_json_file(folder.write("bad.json", "{\n\"a\": 1,\n}"), "models.config");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFile);
    const std::string start = "[models.config] " + (folder / "bad.json").string() + " is not valid JSON at line 3 column 1; got ";
    EXPECT_TRUE(std::string(error.what()).starts_with(start)) << error.what();
  }
  EXPECT_THROW(read_json_file(folder / "none.json", "base.json"), Error);
}

TEST(Json, LimitsAreTheCallers) {
  EXPECT_NO_THROW(parse_json("[[1]]", "base.json", "f", {.depth = 2}));
  EXPECT_THROW(parse_json("[[1]]", "base.json", "f", {.depth = 1}), Error);
  EXPECT_THROW(parse_json("[[1]]", "base.json", "f", {.bytes = 4}), Error);
}

}  // namespace
}  // namespace athanor::base

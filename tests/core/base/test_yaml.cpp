#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/node.h"
#include "tests/testing/cases.h"
#include "tests/testing/data.h"
#include "tests/testing/temp_folder.h"

namespace athanor::base {
namespace {

using testing::Case;

TEST(Yaml, Cases) {
  for (const Case& one : testing::read_cases(testing::source_path("tests/malformed/yaml.cases"))) {
    SCOPED_TRACE(cat("yaml.cases:", one.line, " ", one.name));
    std::string outcome;
    int exit_code = 0;
    try {
      outcome = node_to_json(parse_yaml(one.input, "r.yaml")).dump();
      EXPECT_EQ(outcome, one.expected);
    } catch (const Error& error) {
      outcome = error.what();
      exit_code = error.exit_code();
      EXPECT_TRUE(outcome.starts_with("[base.yaml] r.yaml is ")) << outcome;
      EXPECT_LE(outcome.size(), 400u);
    }
    EXPECT_EQ(exit_code, one.exit_code) << outcome;
    EXPECT_NE(outcome.find(one.expected), std::string::npos) << outcome;
  }
}

TEST(Yaml, LinesAreKept) {
  const Node node = parse_yaml("a: 1\n\nb:\n  c: [x,\n      y]\n", "f");
  EXPECT_EQ(node.line, 1);
  EXPECT_EQ(node.find("a")->line, 1);
  const Node& list = *node.find("b")->find("c");
  EXPECT_EQ(list.line, 4);
  EXPECT_EQ(list.items[1].line, 5);
}

TEST(Yaml, TheFileIsNamed) {
  const testing::TempFolder folder;
  EXPECT_EQ(read_yaml_file(folder.write("r.yaml", "a: 1")).find("a")->scalar, "1");
  try {
    read_yaml_file(folder.write("bad.yaml", "a: 1\na: 2"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 3);
    EXPECT_NE(std::string(error.what()).find((folder / "bad.yaml").string() + " is not valid YAML at line 2"), std::string::npos);
  }
  EXPECT_THROW(read_yaml_file(folder / "none.yaml"), Error);
}

std::string there_and_back(const Json& json) { return node_to_json(parse_yaml(node_to_yaml(node_from_json(json)), "f")).dump(); }

TEST(Yaml, EveryTextSurvivesTheWayThereAndBack) {
  Json texts = Json::array();
  for (const char* text : {"",     " ",  "a",  "a b", "1", "1e-4",     "true",   "null",   "~",    "-",    "- a",  "a: b", "#x",
                           "x #y", "[",  "{}", "\"",  "'", "\\",       "\n",     "a\nb\n", "\t",   "\x01", "\x7f", "@x",   "*x",
                           "&x",   "!x", "|",  ">",   "%", "é炼丹炉😀", "\u2028", "\ufeff", "0x10", ".inf", "yes"})
    texts.push_back(text);
  EXPECT_EQ(there_and_back(texts), texts.dump());
  Json keys = Json::object();
  for (const Json& text : texts) keys[text.get<std::string>()] = {{text.get<std::string>(), 1}};
  EXPECT_EQ(there_and_back(keys), keys.dump());
}

TEST(Yaml, ValuesSurviveTheWayThereAndBack) {
  const Json json = {{"a", {1, -2, 2.5, 1e300, true, nullptr, Json::array(), Json::object()}},
                     {"b", {{"c", {{"d", "x"}}}}},
                     {"e", Json::object()}};
  EXPECT_EQ(there_and_back(json), json.dump());
  EXPECT_EQ(there_and_back(5), "5");
  EXPECT_EQ(there_and_back(Json::object()), "{}");
}

TEST(Yaml, IsWrittenForPeople) {
  const Node node = parse_yaml("train: {lr: 1e-4, targets: [q_proj, 'a b'], out: runs/a-1.x}\nname: '1'\n", "f");
  EXPECT_EQ(node_to_yaml(node), "train:\n  lr: 1e-4\n  targets: [q_proj, \"a b\"]\n  out: runs/a-1.x\nname: \"1\"\n");
}

}  // namespace
}  // namespace athanor::base

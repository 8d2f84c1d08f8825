#include "athanor/core/base/node.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

Node assigned(const char* yaml, std::initializer_list<std::pair<const char*, const char*>> assignments) {
  Node node = parse_yaml(yaml, "f");
  for (auto [key, value] : assignments) node.assign(key, value);
  return node;
}

TEST(Node, AssignSetsAndMakesTheMapsBetween) {
  const Node node =
      assigned("train: {lr: 1}", {{"train.lr", "1e-4"}, {"train.targets", "[a, b]"}, {"a.b.c", "x"}, {"top-k", "5"}, {"out", ""}});
  EXPECT_EQ(node_to_json(node).dump(), R"({"train":{"lr":0.0001,"targets":["a","b"]},"a":{"b":{"c":"x"}},"top_k":5,"out":null})");
  EXPECT_EQ(node.find("a")->find("b")->find("c")->line, 0);
}

TEST(Node, AssignBeginsFromNothing) { EXPECT_EQ(node_to_json(assigned("", {{"a.b", "1"}})).dump(), R"({"a":{"b":1}})"); }

TEST(Node, AssignReplacesAWholeGroup) {
  EXPECT_EQ(node_to_json(assigned("model: {hidden_size: 8}", {{"model", "folder"}})).dump(), R"({"model":"folder"})");
}

TEST(Node, AssignRefuses) {
  const auto error_of = [](const char* key, const char* value) -> std::string {
    try {
      assigned("a: 1\nlist: [1]", {{key, value}});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(error_of("a.b", "1"), "[base.assign] a.b goes through something that is not a group of options");
  EXPECT_NE(error_of("list.0", "1"), "");
  EXPECT_EQ(error_of("", "1"), "[base.assign] an empty name; expected a.b.c=value");
  EXPECT_NE(error_of("a..b", "1"), "");
  EXPECT_NE(error_of("b.", "1"), "");
  EXPECT_EQ(error_of("b", "[1"),
            "[base.assign] cannot read the value of b; got [1; expected a YAML value; "
            "try quotes around text with special characters");
}

TEST(Node, FindLooksAtMembersOnly) {
  const Node node = parse_yaml("a: {b: 1}", "f");
  ASSERT_NE(node.find("a"), nullptr);
  EXPECT_NE(node.find("a")->find("b"), nullptr);
  EXPECT_EQ(node.find("b"), nullptr);
  EXPECT_EQ(node.find("a")->find("b")->find("c"), nullptr);
}

TEST(Node, FromJsonKeepsKindsAndText) {
  const Json json = {{"a", "1"}, {"b", 1}, {"c", 0.1}, {"d", nullptr}, {"e", true}, {"f", {1, "x"}}, {"g", 18446744073709551615u}};
  const Node node = node_from_json(json);
  EXPECT_TRUE(node.find("a")->quoted);
  EXPECT_EQ(node.find("d")->kind, Node::Kind::kNull);
  EXPECT_EQ(node.find("g")->scalar, "18446744073709551615");
  Node without = node;
  without.members.pop_back();  // past int64: as a number only
  Json expected = json;
  expected.erase("g");
  EXPECT_EQ(node_to_json(without), expected);
}

}  // namespace
}  // namespace athanor::base

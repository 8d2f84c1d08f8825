#include "athanor/core/base/options.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"

namespace athanor::base {
namespace {

struct TrainOptions {
  int64_t steps = 1000;
  double lr = 3e-4;
  std::string schedule = "cosine";
  bool packed = true;
  std::vector<double> betas = {0.9, 0.95};
  void visit(OptionVisitor& v) {
    v.integer("steps", steps, {"optimizer steps", 1, 1e9});
    v.number("lr", lr, {"peak learning rate", 0, 10, {"learning_rate"}});
    v.text("schedule", schedule, {.help = "shape after warm-up", .choices = {"constant", "linear", "cosine"}});
    v.boolean("packed", packed, {"several documents per row"});
    v.numbers("betas", betas, {"decay of the moments", 0, 1});
  }
};

struct Recipe {
  std::string stage, out;
  Node model;
  std::vector<std::string> targets;
  TrainOptions train;
  void visit(OptionVisitor& v) {
    v.text("stage", stage, {.help = "what to do", .required = true});
    v.tree("model", model, {"a folder, or config.json's keys"});
    v.texts("targets", targets, {.help = "layers", .other_names = {"target_modules"}});
    v.group("train", {"the loop"}, [&](OptionVisitor& inside) { train.visit(inside); });
    v.text("out", out, {.help = "where to", .other_names = {"output_dir"}});
  }
};

Recipe read(const char* yaml) {
  Recipe recipe;
  read_options(parse_yaml(yaml, "r.yaml"), recipe, "train.recipe");
  return recipe;
}

/// The error's text after "[train.recipe] ".
std::string mistakes(const char* yaml) {
  try {
    read(yaml);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return std::string(error.what()).substr(15);
  }
  return "none";
}

TEST(Options, AreRead) {
  const Recipe r = read(
      "stage: sft\nmodel: {model_type: llama}\ntargets: q_proj\ntrain: {steps: 1e3, lr: 1, packed: False, betas: [0.5, 1]}\nout: "
      "7");
  EXPECT_EQ(r.stage, "sft");
  EXPECT_EQ(r.model.find("model_type")->scalar, "llama");
  EXPECT_EQ(r.targets, std::vector<std::string>{"q_proj"});
  EXPECT_EQ(r.train.steps, 1000);
  EXPECT_EQ(r.train.lr, 1);
  EXPECT_FALSE(r.train.packed);
  EXPECT_EQ(r.train.betas, (std::vector<double>{0.5, 1}));
  EXPECT_EQ(r.out, "7");
}

TEST(Options, WhatIsAbsentOrNullKeepsItsDefault) {
  const Recipe r = read("stage: sft\ntrain: {steps: 5, lr: null, schedule: ~}\nout:\n");
  EXPECT_EQ(r.train.lr, 3e-4);
  EXPECT_EQ(r.train.schedule, "cosine");
  EXPECT_EQ(r.out, "");
  EXPECT_EQ(read("stage: sft\ntrain:\n").train.steps, 1000);
}

TEST(Options, EachKindOfMistake) {
  EXPECT_EQ(mistakes(""), "stage is missing (what to do)");
  EXPECT_EQ(mistakes("stage: ~"), "stage is missing (what to do)");
  EXPECT_EQ(mistakes("stage: [a]"), "line 1: stage must be text, not a list");
  EXPECT_EQ(mistakes("stage: a\ntrain: {steps: 0}"), "line 2: train.steps must be 1 to 1e+09, not 0");
  EXPECT_EQ(mistakes("stage: a\ntrain: {steps: 1.5}"), "line 2: train.steps must be a whole number, not 1.5");
  EXPECT_EQ(mistakes("stage: a\ntrain: {steps: '5'}"), "line 2: train.steps must be a whole number, not \"5\"");
  EXPECT_EQ(mistakes("stage: a\ntrain:\n  lr: fast"), "line 3: train.lr must be a number, not fast");
  EXPECT_EQ(mistakes("stage: a\ntrain: {lr: .nan}"), "line 2: train.lr must be a number, not .nan");
  EXPECT_EQ(mistakes("stage: a\ntrain: {lr: .inf}"), "line 2: train.lr must be 0 to 10, not .inf");
  EXPECT_EQ(mistakes("stage: a\ntrain: {lr: -1}"), "line 2: train.lr must be 0 to 10, not -1");
  EXPECT_EQ(mistakes("stage: a\ntrain: {packed: 1}"), "line 2: train.packed must be true or false, not 1");
  EXPECT_EQ(mistakes("stage: a\ntrain: {betas: [0.9, 2]}"), "line 2: train.betas must be 0 to 1, not 2");
  EXPECT_EQ(mistakes("stage: a\ntrain: {betas: {a: 1}}"), "line 2: train.betas must be a list, not a group of options");
  EXPECT_EQ(mistakes("stage: a\ntrain: 5"), "line 2: train must be a group of options, not 5");
  EXPECT_EQ(mistakes("stage: a\ntrain: {schedule: cosin}"),
            "line 2: train.schedule must be one of constant, linear, cosine, not cosin (did you mean cosine?)");
  EXPECT_EQ(mistakes("[1, 2]"), "the options are not a list of `name: value`");
}

TEST(Options, UnknownNamesGetTheNearestOne) {
  EXPECT_EQ(mistakes("stage: a\ntrain: {step: 5}"), "line 2: unknown option train.step (did you mean train.steps?)");
  EXPECT_EQ(mistakes("stage: a\nlearning_rate: 1"), "line 2: unknown option learning_rate (learning_rate is called train.lr here)");
  EXPECT_EQ(mistakes("stage: a\nlr: 1"), "line 2: unknown option lr (lr is called train.lr here)");
  EXPECT_EQ(mistakes("stage: a\noutput_dir: x"), "line 2: unknown option output_dir (output_dir is called out here)");
  EXPECT_EQ(mistakes("stage: a\nshedule: x"), "line 2: unknown option shedule (did you mean train.schedule?)");
  EXPECT_EQ(mistakes("stage: a\nzebra: x"), "line 2: unknown option zebra");
}

TEST(Options, AllMistakesAtOnce) {
  EXPECT_EQ(mistakes("train: {steps: x, lr: 11}\nouts: 1"),
            "4 mistakes: stage is missing (what to do) | line 1: train.steps must be a whole number, not x | line 1: train.lr must "
            "be 0 to 10, "
            "not 11 | line 2: unknown option outs (did you mean out?)");
}

TEST(Options, ManyMistakesAreCounted) {
  std::string yaml = "stage: a\n";
  for (int i = 0; i < 50; ++i) yaml += "unknown_" + std::to_string(i) + ": 1\n";
  const std::string text = mistakes(yaml.c_str());
  EXPECT_TRUE(text.starts_with("50 mistakes: line 2: unknown option unknown_0 | ")) << text;
  EXPECT_TRUE(text.ends_with(" more")) << text;
  EXPECT_LE(text.size(), 385u);
}

TEST(Options, ArgumentsComeOverTheFile) {
  Node tree = parse_yaml("stage: sft\ntrain: {lr: 1}", "r.yaml");
  tree.assign("train.lr", "0.5");
  tree.assign("targets", "[a, b]");
  Recipe recipe;
  read_options(tree, recipe, "train.recipe");
  EXPECT_EQ(recipe.train.lr, 0.5);
  EXPECT_EQ(recipe.targets.size(), 2u);
  tree.assign("train.lr", "much");
  try {
    read_options(tree, recipe, "train.recipe");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[train.recipe] train.lr must be a number, not much");  // no line: it was an argument
  }
}

TEST(Options, TheSavedConfigurationReadsBackEqual) {
  Recipe recipe = read("stage: 'true'\nmodel: {a: [1, {b: 2}]}\ntargets: ['1', x y]\ntrain: {lr: 0.1, betas: []}\nout: \"a: b\"");
  const std::string saved = node_to_yaml(options_to_node(visit_of(recipe)));
  Recipe again = read(saved.c_str());
  EXPECT_EQ(node_to_yaml(options_to_node(visit_of(again))), saved);
  EXPECT_EQ(again.stage, "true");
  EXPECT_EQ(again.targets, (std::vector<std::string>{"1", "x y"}));
  EXPECT_TRUE(again.train.betas.empty());
}

struct Odd {
  double huge = std::numeric_limits<double>::infinity();
  double tiny = 5e-324;
  void visit(OptionVisitor& v) {
    v.number("huge", huge, {});
    v.number("tiny", tiny, {});
  }
};

TEST(Options, OddNumbersAreSavedToo) {
  Odd odd, again{0, 0};
  read_options(parse_yaml(node_to_yaml(options_to_node(visit_of(odd))), "f"), again, "x.y");
  EXPECT_EQ(again.huge, odd.huge);
  EXPECT_EQ(again.tiny, odd.tiny);
}

TEST(Options, Help) {
  Recipe recipe;
  EXPECT_EQ(options_help(visit_of(recipe)),
            "stage (required): what to do\n"
            "model: a folder, or config.json's keys\n"
            "targets: layers\n"
            "train.steps (1000): optimizer steps [1 to 1e+09]\n"
            "train.lr (3e-04): peak learning rate [0 to 10]\n"
            "train.schedule (cosine): shape after warm-up [constant, linear, cosine]\n"
            "train.packed (true): several documents per row\n"
            "train.betas ([0.9, 0.95]): decay of the moments [0 to 1]\n"
            "out: where to\n");
}

TEST(Options, Schema) {
  Recipe recipe;
  const Json schema = options_schema(visit_of(recipe));
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["required"], Json::array({"stage"}));
  EXPECT_EQ(schema["additionalProperties"], false);
  const Json& train = schema["properties"]["train"]["properties"];
  EXPECT_EQ(train["lr"].dump(),
            R"({"description":"peak learning rate","type":"number","minimum":0.0,"maximum":10.0,"default":0.0003})");
  EXPECT_EQ(train["schedule"]["enum"], Json::array({"constant", "linear", "cosine"}));
  EXPECT_EQ(train["betas"]["items"].dump(), R"({"type":"number","minimum":0.0,"maximum":1.0})");
  EXPECT_FALSE(schema["properties"]["model"].contains("type"));
}

}  // namespace
}  // namespace athanor::base

#include "athanor/run/generate/constraint.h"

#include <gtest/gtest.h>

#include <ctime>
#include <functional>
#include <set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"
#include "tests/run/generate/toy_model.h"
#include "tests/testing/cases.h"
#include "tests/testing/data.h"

namespace athanor::generate {
namespace {

const text::TokenId kEndConstraint[] = {0};

TEST(Constraint, HasFourFrontEnds) {
  std::set<std::string> names;
  for (const ConstraintRow& row : constraints()) names.insert(row.name);
  EXPECT_EQ(names, (std::set<std::string>{"choices", "regex", "json-schema", "grammar"}));
}

TEST(Constraint, ChoicesAreAClosedList) {
  const std::set<std::string> list = {"yes", "no", "maybe so", "ye", "\xe4\xb8\xad\xe6\x96\x87"};
  std::string file;
  for (const std::string& line : list) file += line + "\r\n";
  std::set<std::string> said;
  for (const std::string& text : many_texts("choices", file, 2000)) {
    ASSERT_TRUE(list.contains(text)) << text;
    said.insert(text);
  }
  EXPECT_EQ(said, list);
}

TEST(Constraint, ALongListIsTaken) {
  std::string file;
  for (int i = 0; i < 20'000; ++i) file += "choice number " + std::to_string(i * 7919) + "\n";
  const auto constraint = std::make_shared<Constraint>("choices", file, "", toy_tokenizer(), kEndConstraint);
  const auto result = say_anything(toy_tokenizer(), constraint, 3);
  EXPECT_NE(file.find(toy_tokenizer().decode(result.ids, true) + "\n"), std::string::npos) << result.text;
}

std::vector<bool> allowed(ScoreStep& step, const std::vector<text::TokenId>& generated) {
  std::vector<float> scores(static_cast<size_t>(toy_tokenizer().vocab_size()));
  step.apply(scores, {{}, generated});
  std::vector<bool> out;
  for (float s : scores) out.push_back(s == 0);
  return out;
}

TEST(Constraint, TheEndComesOnlyWhereTheTextMayEnd) {
  const Constraint constraint("regex", "ab?", "", toy_tokenizer(), kEndConstraint);
  const auto step = constraint.step();
  const text::TokenId a = 2 + 'a', b = 2 + 'b';
  EXPECT_FALSE(allowed(*step, {})[0]);
  EXPECT_TRUE(allowed(*step, {a})[0]);
  EXPECT_TRUE(allowed(*step, {a})[b]);
  EXPECT_FALSE(allowed(*step, {a})[a]);
  const auto after = allowed(*step, {a, b});
  EXPECT_EQ(std::count(after.begin(), after.end(), true), 1) << "only the end";
  EXPECT_EQ(allowed(*step, {a, b, 0}), after) << "and after the end only the end";
  EXPECT_FALSE(allowed(*step, {})[1]) << "special tokens never";
}

TEST(Constraint, AStepFollowsAnyHistory) {
  const Constraint constraint("regex", "(ab|ba)*", "", toy_tokenizer(), kEndConstraint);
  const auto step = constraint.step(), other = constraint.step();
  const text::TokenId a = 2 + 'a', b = 2 + 'b';
  for (const std::vector<text::TokenId>& history : std::vector<std::vector<text::TokenId>>{{a}, {a, b}, {b}, {}, {b, a, a}, {b, a}})
    EXPECT_EQ(allowed(*step, history), allowed(*constraint.step(), history));
  EXPECT_EQ(allowed(*other, {a, b, b})[a], true);
}

std::string message_of_constraint(const std::function<void()>& wrong) {
  try {
    wrong();
  } catch (const base::Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Constraint, ADeadEndIsAnErrorWithTheText) {
  class NoBytes final : public text::Tokenizer {
   public:
    std::vector<text::TokenId> encode(std::string_view, const text::EncodeOptions&) const override { return {}; }
    std::string decode(std::span<const text::TokenId>, bool) const override { return {}; }
    std::string token_bytes(text::TokenId id) const override { return id == 1 ? "ab" : ""; }
    std::string id_to_token(text::TokenId id) const override { return token_bytes(id); }
    std::optional<text::TokenId> token_to_id(std::string_view) const override { return std::nullopt; }
    bool is_special(text::TokenId id) const override { return id == 0; }
    int64_t vocab_size() const override { return 3; }
    std::optional<text::TokenId> bos() const override { return std::nullopt; }
    std::optional<text::TokenId> eos() const override { return 0; }
  } tokenizer;
  const Constraint constraint("regex", "ab(c|d)", "", tokenizer, kEndConstraint);
  const auto step = constraint.step();
  std::vector<float> scores(3);
  step->apply(scores, {});
  EXPECT_EQ(scores[1], 0);
  const std::vector<text::TokenId> history = {1};
  EXPECT_EQ(message_of_constraint([&] {
              step->apply(scores, {{}, history});
            }),
            "[generate.constraint] no token of the vocabulary can follow; got the text so far \"ab\"");
}

TEST(Constraint, WithoutAnEndTokenItIsRefused) {
  EXPECT_NE(
      message_of_constraint([] { Constraint("regex", "a", "", toy_tokenizer(), {}); }).find("names no token that ends a text"),
      std::string::npos);
  EXPECT_NE(
      message_of_constraint([] { Constraint("regexp", "a", "", toy_tokenizer(), kEndConstraint); }).find("one of choices, regex"),
      std::string::npos);
}

TEST(Constraint, CompilingCanBeInterrupted) {
  base::request_stop();
  const std::string message =
      message_of_constraint([] { Constraint("regex", "(\\p{L}{500}){5}", "", toy_tokenizer(), kEndConstraint); });
  base::clear_stop();
  EXPECT_NE(message.find("interrupted"), std::string::npos) << message;
}

TEST(Constraint, GreedyObeysToo) {
  RandomModel model(toy_tokenizer(), 7);
  GenerateOptions options = {.temperature = 0};
  options.constraint = std::make_shared<Constraint>("regex", "[0-9]{3}", "", toy_tokenizer(), kEndConstraint);
  const text::TokenId begin[] = {1};
  const auto result = generate(model, toy_tokenizer(), begin, kEndConstraint, options);
  EXPECT_EQ(result.finish_reason, "stop");
  EXPECT_EQ(result.text.size(), 3u);
  EXPECT_EQ(result.text.find_first_not_of("0123456789"), std::string::npos) << result.text;
}

/// tests/malformed: each case's text is a constraint of the kind that the file is named for.
void check_cases(const char* kind, const char* file) {
  for (const testing::Case& one : testing::read_cases(testing::source_path(base::cat("tests/malformed/", file)))) {
    SCOPED_TRACE(base::cat(file, ":", one.line, " ", one.name));
    std::string outcome = "taken";
    int exit_code = 0;
    const std::clock_t start = std::clock();
    try {
      Constraint(kind, one.input, std::string_view(kind) == "regex" ? "" : "c.txt", toy_tokenizer(), kEndConstraint);
    } catch (const base::Error& error) {
      outcome = error.what();
      exit_code = error.exit_code();
      EXPECT_TRUE(outcome.starts_with("[generate.")) << outcome;
      EXPECT_LE(outcome.size(), 400u);
    }
    EXPECT_EQ(exit_code, one.exit_code) << outcome;
    EXPECT_NE(outcome.find(one.expected), std::string::npos) << outcome;
    EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC) << "of the processor's time";
  }
}

TEST(Constraint, MalformedSchemas) { check_cases("json-schema", "json-schema.cases"); }
TEST(Constraint, MalformedGrammars) { check_cases("grammar", "gbnf.cases"); }
TEST(Constraint, MalformedRegexes) { check_cases("regex", "regex.cases"); }
TEST(Constraint, MalformedChoices) { check_cases("choices", "choices.cases"); }

}  // namespace
}  // namespace athanor::generate

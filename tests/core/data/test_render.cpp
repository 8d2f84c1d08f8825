#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/render.h"
#include "tests/core/data/byte_tokenizer.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

using base::Json;

Sample chat_sample(const Json& messages) {
  Sample sample;
  sample.kind = Sample::Kind::kChat;
  sample.messages = std::make_shared<Json>(messages);
  return sample;
}

std::string mask_of(const EncodedSample& sample) {
  std::string mask;
  for (uint8_t learned : sample.learned) mask += learned ? '1' : '0';
  return mask;
}

TEST(Render, MasksAreTransformersWithAndWithoutMarks) {
  const testing::Golden golden("core_data/render");
  int checked = 0;
  for (const char* kind : {"byte-level", "metaspace"}) {
    const auto tokenizer = text::load_tokenizer(golden.path() / kind);
    for (const auto& [name, sources] : golden.json().at("templates").items()) {
      for (const char* which : {"marked", "plain"}) {
        const SampleRenderer renderer(*tokenizer, {sources.at(which), name, false}, {}, false);
        for (const Json& one : golden.json().at("cases")) {
          if (one.at("tokenizer") != kind || one.at("template") != name) continue;
          const std::string conversation = one.at("conversation");
          SCOPED_TRACE(base::cat(kind, " ", name, " ", which, " ", conversation));
          const EncodedSample out = renderer.encode(chat_sample(golden.json().at("conversations").at(conversation)));
          EXPECT_EQ(out.ids, one.at("ids").get<std::vector<int32_t>>());
          EXPECT_EQ(mask_of(out), one.at("mask").get<std::string>());
          ++checked;
        }
      }
    }
  }
  EXPECT_EQ(checked, 2 * 2 * 6 * 6);
}

const char* const kPlainTemplate =
    "{% for m in messages %}{% if m.role == 'assistant' %}{{ 'A:' + m.content + eos_token }}{% else %}{{ 'Q:' + m.content + ' ' }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}A:{% endif %}";

const Json kTwoTurns = Json::array(
    {chat_message("user", "one"), chat_message("assistant", "1"), chat_message("user", "two"), chat_message("assistant", "2")});

/// The learned text, answers joined by "|".
std::string learned_text(const text::Tokenizer& tokenizer, const EncodedSample& sample) {
  std::string text;
  for (size_t i = 0; i < sample.ids.size(); ++i) {
    if (!sample.learned[i]) continue;
    if (i > 0 && !sample.learned[i - 1] && !text.empty()) text += "|";
    text += tokenizer.id_to_token(sample.ids[i]);
  }
  return text;
}

class RenderText : public ::testing::Test {
 protected:
  testing::Golden golden{"core_data/render"};
  std::unique_ptr<text::Tokenizer> tokenizer = text::load_tokenizer(golden.path() / "byte-level");
};

TEST_F(RenderText, LastOnly) {
  const SampleRenderer all(*tokenizer, {kPlainTemplate, "plain", false}, {}, false),
      last(*tokenizer, {kPlainTemplate, "plain", false}, {}, true);
  EXPECT_EQ(learned_text(*tokenizer, all.encode(chat_sample(kTwoTurns))), "1</s>|2</s>");
  EXPECT_EQ(learned_text(*tokenizer, last.encode(chat_sample(kTwoTurns))), "2</s>");
  EXPECT_EQ(all.encode(chat_sample(kTwoTurns)).learned_bytes, 10);  // "1</s>" and "2</s>"
}

TEST_F(RenderText, PreferencesLearnTheirEndsOnly) {
  Sample sample;
  sample.kind = Sample::Kind::kPreference;
  sample.messages = std::make_shared<Json>(Json::array({kTwoTurns[0], kTwoTurns[1], kTwoTurns[2]}));
  sample.chosen = std::make_shared<Json>(Json::array({chat_message("assistant", "2")}));
  sample.rejected = std::make_shared<Json>(Json::array({chat_message("assistant", "3")}));
  const SampleRenderer renderer(*tokenizer, {kPlainTemplate, "plain", false}, {}, false);
  const auto ends = renderer.encode_ends(sample);
  EXPECT_EQ(learned_text(*tokenizer, ends.chosen), "2</s>");
  EXPECT_EQ(learned_text(*tokenizer, ends.rejected), "3</s>");
  EXPECT_THROW(renderer.encode(sample), base::Error);
}

TEST_F(RenderText, ATemplateThatCannotBeComparedIsRefused) {
  const std::string counts = "{{ messages | length }}" + std::string(kPlainTemplate);  // every turn changes the beginning
  const SampleRenderer renderer(*tokenizer, {counts, "counts", false}, {}, false),
      last(*tokenizer, {counts, "counts", false}, {}, true);
  try {
    renderer.encode(chat_sample(kTwoTurns));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_NE(std::string(error.what()).find("rewrites what came before message 2"), std::string::npos) << error.what();
  }
}

TEST_F(RenderText, CompletionsStandAsTheyAre) {
  Sample sample;
  sample.kind = Sample::Kind::kCompletion;
  sample.prompt = "The quick <s>";
  sample.text = "fox";
  const SampleRenderer renderer(*tokenizer, {}, {}, false);
  const EncodedSample out = renderer.encode(sample);
  EXPECT_EQ(learned_text(*tokenizer, out), "fox</s>");
  EXPECT_EQ(tokenizer->decode(out.ids, false), "The quick <s>fox</s>");
  EXPECT_NE(out.ids[5], *tokenizer->token_to_id("<s>")) << "text is no command";
  EXPECT_EQ(out.learned_bytes, 3);
  sample.text = "";
  EXPECT_EQ(renderer.encode(sample).learned_count(), 0);
  EXPECT_THROW(renderer.encode(chat_sample(kTwoTurns)), base::Error);
}

TEST_F(RenderText, TextIsLearnedWhole) {
  Sample sample;
  sample.text = "fox";
  const EncodedSample out = SampleRenderer(*tokenizer, {}, {}, false).encode(sample);
  EXPECT_EQ(mask_of(out), "0" + std::string(out.ids.size() - 1, '1'));
  EXPECT_EQ(tokenizer->decode(out.ids, false), "<s>fox</s>");
}

TEST_F(RenderText, AlpacasPrompts) {
  const testing::TempFolder folder;
  const SampleForm& form = base::find_row(sample_forms(), "alpaca", "test");
  const TemplateChoice choice = choose_template("", folder.path(), *tokenizer, {&form});
  EXPECT_EQ(choice.name, "alpaca");
  EXPECT_FALSE(choice.from_model);
  const SampleRenderer renderer(*tokenizer, choice, folder.path(), false);
  auto text = [&](const Json& row) {
    const EncodedSample out = renderer.encode(form.make(FormRow(row, "f", 1)));
    EXPECT_EQ(learned_text(*tokenizer, out), "fox</s>");
    return tokenizer->decode(out.ids, false);
  };
  EXPECT_EQ(text({{"instruction", "Say."}, {"input", ""}, {"output", "fox"}}),
            "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
            "### Instruction:\nSay.\n\n### Response:fox</s>");
  EXPECT_EQ(text({{"instruction", "Say."}, {"input", "it"}, {"output", "fox"}}),
            "Below is an instruction that describes a task, paired with an input that provides further context. Write a response "
            "that appropriately completes the request.\n\n### Instruction:\nSay.\n\n### Input:\nit\n\n### Response:fox</s>");
}

TEST_F(RenderText, WhichTemplate) {
  const testing::TempFolder folder;
  const SampleForm& messages = base::find_row(sample_forms(), "messages", "test");
  EXPECT_THROW(choose_template("", folder.path(), *tokenizer, {&messages}), base::Error);
  EXPECT_THROW(choose_template("nothing", folder.path(), *tokenizer, {&messages}), base::Error);
  EXPECT_EQ(choose_template("chatml", folder.path(), *tokenizer, {&messages}).name, "chatml");
  EXPECT_THROW(choose_template("chatml", folder.path(), ByteTokenizer(), {&messages}), base::Error);
  const std::string file = folder.write("mine.jinja", kPlainTemplate);
  EXPECT_EQ(choose_template(file, folder.path(), *tokenizer, {&messages}).source, kPlainTemplate);
  folder.write("chat_template.jinja", kPlainTemplate);
  EXPECT_TRUE(choose_template("", folder.path(), *tokenizer, {&messages}).from_model);
  EXPECT_EQ(turn_end(text::ChatTemplate(kPlainTemplate, "t", {{"eos_token", "</s>"}}), *tokenizer), tokenizer->eos());
}

}  // namespace
}  // namespace athanor::data

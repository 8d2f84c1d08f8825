#include "athanor/core/text/chat_template.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::text {
namespace {

using base::Json;

std::shared_ptr<const Json> if_given(const Json& conversation, const char* key) {
  auto found = conversation.find(key);
  return found == conversation.end() ? nullptr : std::make_shared<const Json>(*found);
}

/// A byte's place in characters: Python counts these.
int64_t characters(const std::string& text, size_t bytes) {
  return std::count_if(text.begin(), text.begin() + static_cast<ptrdiff_t>(bytes), [](char c) { return (c & 0xc0) != 0x80; });
}

Json spans_of(const ChatText& out) {
  Json spans = Json::array();
  for (const auto& span : out.generations) spans.push_back({characters(out.text, span.begin), characters(out.text, span.end)});
  return spans;
}

TEST(ChatTemplate, EqualsTransformersOnEveryTemplateAndConversation) {
  testing::Golden golden("core_text/chat_templates");
  const Json& data = golden.json();
  SpecialTokens tokens;
  for (const auto& [name, token] : data.at("tokens").items()) tokens[name] = token.get<std::string>();
  std::map<std::string, ChatTemplate> templates;
  int rendered = 0;
  for (const Json& one : data.at("cases")) {
    const std::string name = one.at("template"), which = name + ", " + one.at("conversation").get<std::string>();
    if (!templates.contains(name)) {
      auto file = golden.path() / "templates" / (name + ".jinja");
      templates.emplace(name, ChatTemplate(base::read_text_file(file), name, tokens));
    }
    const Json& conversation = data.at("conversations").at(one.at("conversation").get<std::string>());
    Json more = conversation;
    for (const char* key : {"messages", "tools", "documents", "add_generation_prompt"}) more.erase(key);
    ChatOptions options{.add_generation_prompt = conversation.at("add_generation_prompt").get<bool>(),
                        .tools = if_given(conversation, "tools"),
                        .documents = if_given(conversation, "documents"),
                        .variables = std::make_shared<const Json>(more),
                        .render = {.now = data.at("now").get<int64_t>()}};
    try {
      ChatText out = templates.at(name).render(conversation.at("messages"), options);
      ASSERT_TRUE(one.contains("text")) << which << " should fail: " << one.at("error");
      EXPECT_EQ(out.text, one.at("text").get<std::string>()) << which;
      EXPECT_EQ(spans_of(out), one.value("spans", Json::array())) << which;
      ++rendered;
    } catch (const base::Error& error) {
      ASSERT_TRUE(one.contains("error")) << which << ": " << error.what();
      EXPECT_NE(std::string(error.what()).find(one.at("error").get<std::string>().substr(0, 200)), std::string::npos) << which;
    }
  }
  EXPECT_GE(templates.size(), 40u);
  EXPECT_GT(rendered, 400);
}

const Json kHello = Json::parse(R"([{"role": "user", "content": "hello"}])");

std::string rendered(const std::filesystem::path& folder, const ChatOptions& options = {}) {
  auto found = ChatTemplate::load(folder);
  return found ? found->render(kHello, options).text : "(none)";
}

TEST(ChatTemplate, FoundWhereTransformersFindsIt) {
  testing::TempFolder folder;
  EXPECT_EQ(rendered(folder.path()), "(none)");
  folder.write("chat_template.json", R"({"chat_template": "json {{ messages[0].content }}"})");
  EXPECT_EQ(rendered(folder.path()), "json hello");
  folder.write("tokenizer_config.json", R"({"bos_token": {"content": "<b>"}, "eos_token": "<e>",
    "chat_template": "{{ bos_token }}config {{ messages[0].content }}{{ eos_token }}"})");
  EXPECT_EQ(rendered(folder.path()), "<b>config hello<e>");
  folder.write("chat_template.jinja", "file {{ messages[0].content }}{{ eos_token }}\n");
  EXPECT_EQ(rendered(folder.path()), "file hello<e>");
  folder.write("additional_chat_templates/tool_use.jinja", "tools {{ tools | length }}");
  EXPECT_EQ(rendered(folder.path()), "file hello<e>");
  ChatOptions with_tools{.tools = std::make_shared<const Json>(Json::array({Json::object()}))};
  EXPECT_EQ(rendered(folder.path(), with_tools), "tools 1");
}

TEST(ChatTemplate, SeveralInOneFile) {
  testing::TempFolder folder;
  folder.write("tokenizer_config.json",
               R"({"chat_template": [{"name": "default", "template": "a"}, {"name": "rag", "template": "b"}]})");
  EXPECT_EQ(rendered(folder.path()), "a");
  EXPECT_EQ(rendered(folder.path(), {.name = "rag"}), "b");
  EXPECT_EQ(ChatTemplate::load(folder.path())->names(), (std::vector<std::string>{"default", "rag"}));
  try {
    rendered(folder.path(), {.name = "rga"});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(),
                 "[text.chat_template] the model has no chat template of that name; got rga; expected one of default, rag");
  }
}

/// The error's text.
std::string refused(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ChatTemplate, BrokenFilesAndMessages) {
  testing::TempFolder folder;
  folder.write("tokenizer_config.json", R"({"chat_template": [{"name": "default"}]})");
  EXPECT_NE(refused([&] { ChatTemplate::load(folder.path()); }).find("chat_template is malformed"), std::string::npos);
  folder.write("chat_template.jinja", "a\n{% if %}");
  EXPECT_NE(refused([&] { ChatTemplate::load(folder.path()); }).find("chat_template.jinja line 2: "), std::string::npos);
  ChatTemplate plain("{{ messages | length }}", "t");
  EXPECT_NE(refused([&] { plain.render(Json::object()); }).find("messages are no list; got object"), std::string::npos);
  EXPECT_NE(refused([&] { plain.render(Json::array({1})); }).find("message 1 is no object; got 1"), std::string::npos);
}

}  // namespace
}  // namespace athanor::text

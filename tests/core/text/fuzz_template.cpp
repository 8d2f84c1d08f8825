#include <nlohmann/json.hpp>

#include "athanor/core/base/utf8.h"
#include "athanor/core/text/chat_template.h"
#include "tests/testing/fuzz.h"

using namespace athanor;

// A template, then the byte 1, then a conversation as JSON (or nothing: one message). The same input gives the same text, and what
// is marked as generated lies inside it.
ATH_FUZZ_TARGET(template) {
  size_t mark = input.find('\x01');
  text::ChatTemplate chat(input.substr(0, mark), "fuzz");
  base::Json messages =
      base::Json::array({{{"role", "user"}, {"content", "Hello é\n"}}, {{"role", "assistant"}, {"content", "<think>x</think> y"}}});
  if (mark != std::string_view::npos)
    messages = base::parse_json(input.substr(mark + 1), "text.chat_template", "messages", {.depth = 64, .bytes = 1 << 20});
  const text::ChatOptions options{.variables = std::make_shared<const base::Json>(base::Json{{"bos_token", "<s>"}}),
                                  .render = {.now = 0, .steps = 100'000}};
  text::ChatText out = chat.render(messages, options);
  ATH_FUZZ_CHECK(base::invalid_utf8(out.text) == std::string_view::npos);
  ATH_FUZZ_CHECK(chat.render(messages, options).text == out.text);
  for (const auto& span : out.generations) ATH_FUZZ_CHECK(span.begin <= span.end);
}

// athanor tokenize: text -> ids, or with --decode ids -> text.

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/cli/commands.h"
#include "app/cli/gguf_tokenizer.h"
#include "app/cli/model.h"
#include "app/cli/output.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::app {
namespace {

struct Arguments {
  std::string tokenizer, file, text;
  bool decode = false, json = false, no_special = false, lines = false;
};

std::string input_text(const Flags& flags, const Arguments& a) {
  if (flags.given("--text") && !a.file.empty())
    base::input_error("cli.tokenize", {"two texts", "--text and " + a.file, "one of them"});
  if (flags.given("--text")) return a.text;
  if (!a.file.empty() && a.file != "-") return base::read_text_file(a.file);
  if (a.file.empty() && is_terminal(STDIN_FILENO))
    base::input_error("cli.tokenize", {"no text", "", "--text TEXT, a FILE, or text on standard input"});
  return read_standard_input();
}

/// One line, which may be longer than the text: written part by part.
void print_ids(const std::vector<text::TokenId>& ids) {
  constexpr size_t kPart = size_t{1} << 16;
  std::string part;
  for (size_t i = 0; i < ids.size(); ++i) {
    char digits[16];
    if (i > 0) part += ' ';
    part.append(digits, std::to_chars(digits, digits + sizeof digits, ids[i]).ptr);
    if (part.size() >= kPart) print(std::exchange(part, {}));
  }
  print(part + "\n");
}

base::Json as_json(const std::vector<text::TokenId>& ids, const text::Tokenizer& tokenizer) {
  base::Json tokens = base::Json::array();
  for (text::TokenId id : ids) tokens.push_back(tokenizer.id_to_token(id));
  return {{"ids", ids}, {"tokens", std::move(tokens)}};
}

/// A line of JSON: a text, or an object with "text".
std::string text_of_line(std::string_view line, const std::string& place) {
  const base::Json json = base::parse_json(line, "cli.tokenize", place);
  const base::Json& text = json.is_object() && json.contains("text") ? json["text"] : json;
  if (!text.is_string())
    base::file_error("cli.tokenize", {base::cat(place, ": no text"), json.type_name(), "\"a text\" or {\"text\": \"a text\"}"});
  return text.get<std::string>();
}

void run_lines(std::string_view lines, const Arguments& a, const text::Tokenizer& tokenizer) {
  const text::EncodeOptions options = {.add_special_tokens = !a.no_special, .parse_special = !a.no_special};
  for (size_t number = 1; !lines.empty(); ++number) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto ids = tokenizer.encode(text_of_line(line, base::cat(a.file.empty() ? "-" : a.file, ":", number)), options);
    if (a.json)
      print_json({{"ids", ids}});
    else
      print_ids(ids);
  }
}

int run(const Flags& flags, const Arguments& a) {
  if (a.lines && a.decode) base::input_error("cli.tokenize", {"--lines goes one way", "--decode", "one of them"});
  auto tokenizer = open_tokenizer(a.tokenizer);
  std::string text = input_text(flags, a);
  if (a.lines) {
    run_lines(text, a, *tokenizer);
    return 0;
  }
  if (a.decode) {
    auto ids = parse_ids(text, tokenizer->vocab_size());
    std::string decoded = tokenizer->decode(ids, a.no_special);
    if (a.json)
      print_json({{"text", decoded}, {"ids", ids}});
    else
      print(decoded + "\n");
    return 0;
  }
  auto ids = tokenizer->encode(text, {.add_special_tokens = !a.no_special, .parse_special = !a.no_special, .all_threads = true});
  if (a.json)
    print_json(as_json(ids, *tokenizer));
  else
    print_ids(ids);
  return 0;
}

}  // namespace

Run declare_tokenize(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  flags.positional("TOKENIZER", a->tokenizer,
                   "a folder with a tokenizer, or its file: tokenizer.json, *.model, *.tiktoken, *.gguf");
  flags.positional("FILE", a->file, "the text; - or nothing: standard input", false);
  flags.text("--text", a->text, {"the text itself"});
  flags.flag("--decode", a->decode, "the other way: the text is a list of ids");
  flags.flag("--no-special", a->no_special, "add and recognise no special tokens (with --decode: leave them out)");
  flags.flag("--lines", a->lines, "the input is JSON Lines, a text or an object with \"text\" in each: a line of ids for each");
  flags.flag("--json", a->json, "one JSON object: ids, tokens (with --lines: ids)");
  return [a, &flags](const Invocation&) { return run(flags, *a); };
}

}  // namespace athanor::app

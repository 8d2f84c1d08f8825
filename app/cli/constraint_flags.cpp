#include "app/cli/constraint_flags.h"

#include <utility>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::app {
namespace {

constexpr size_t kMostFileBytes = size_t{8} << 20;

/// A schema is an object, true or false; anything else names a file.
bool is_schema_text(const std::string& argument) {
  const size_t first = argument.find_first_not_of(" \t\r\n");
  return (first != std::string::npos && argument[first] == '{') || argument == "true" || argument == "false";
}

}  // namespace

void declare_constraint(Flags& flags, ConstraintArguments& a) {
  flags.text("--choices", a.choices, {"a file: the text is one of its lines"});
  flags.text("--regex", a.regex, {"the text matches this regular expression as a whole"});
  flags.text("--json-schema -j", a.json_schema,
             {"a JSON schema, or a file with one: the text is JSON that it takes; '{}' takes any"});
  flags.text("--grammar", a.grammar, {"a file: the text matches its grammar (GBNF)"});
}

std::string read_choices(const ConstraintArguments& a) { return base::read_text_file(a.choices, kMostFileBytes); }

std::shared_ptr<const generate::Constraint> make_constraint(const Flags& flags, const ConstraintArguments& a,
                                                            const text::Tokenizer& tokenizer,
                                                            std::span<const text::TokenId> end_ids) {
  std::string kind;
  const std::string* argument = nullptr;
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const std::string*>>{
           {"choices", &a.choices}, {"regex", &a.regex}, {"json-schema", &a.json_schema}, {"grammar", &a.grammar}}) {
    if (!flags.given(base::cat("--", name))) continue;
    if (argument) base::input_error("cli.generate", {"two constraints", base::cat("--", kind, " and --", name), "one of them"});
    kind = name;
    argument = value;
  }
  if (!argument) return nullptr;
  if (kind == "regex" || (kind == "json-schema" && is_schema_text(*argument)))
    return std::make_shared<generate::Constraint>(kind, *argument, "", tokenizer, end_ids);
  return std::make_shared<generate::Constraint>(kind, base::read_text_file(*argument, kMostFileBytes), *argument, tokenizer,
                                                end_ids);
}

}  // namespace athanor::app

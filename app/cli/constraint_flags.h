#pragma once
// --choices, --regex, --json-schema and --grammar: what the generated text must look like.

#include <memory>
#include <span>
#include <string>

#include "app/cli/flags.h"
#include "athanor/run/generate/constraint.h"

namespace athanor::app {

struct ConstraintArguments {
  std::string choices, regex, json_schema, grammar;
};

/// The file of --choices.
std::string read_choices(const ConstraintArguments& arguments);

void declare_constraint(Flags& flags, ConstraintArguments& arguments);
/// Null where none is given; input_error where more than one is. Other errors as Constraint's.
std::shared_ptr<const generate::Constraint> make_constraint(const Flags& flags, const ConstraintArguments& arguments,
                                                            const text::Tokenizer& tokenizer,
                                                            std::span<const text::TokenId> end_ids);

}  // namespace athanor::app

#pragma once
// The four front ends: each writes its text into a grammar and sets the root.

#include <string_view>

#include "athanor/run/generate/constraints/grammar.h"

namespace athanor::generate {

void write_choices(Grammar& grammar, std::string_view text);
void write_regex(Grammar& grammar, std::string_view text);
void write_json_schema(Grammar& grammar, std::string_view text);
void write_gbnf(Grammar& grammar, std::string_view text);

}  // namespace athanor::generate

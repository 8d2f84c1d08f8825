#pragma once
// Parts of a model's JSON text that all models write alike.

#include <optional>
#include <string>
#include <string_view>

#include "athanor/core/text/tokenizers/vocabulary.h"

namespace athanor::text {

std::string json_text(std::string_view text);
std::string json_or_null(const std::optional<std::string>& text);
/// {"token": id, ...} by id, one a line, indented by four spaces.
std::string json_of(const Vocabulary& vocabulary);

}  // namespace athanor::text

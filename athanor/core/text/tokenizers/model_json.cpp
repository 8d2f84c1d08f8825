#include "athanor/core/text/tokenizers/model_json.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/json.h"

namespace athanor::text {

std::string json_text(std::string_view text) { return base::Json(std::string(text)).dump(); }
std::string json_or_null(const std::optional<std::string>& text) { return text ? json_text(std::string_view(*text)) : "null"; }

std::string json_of(const Vocabulary& vocabulary) {
  std::string out = "{";
  const char* separator = "\n      ";
  for (TokenId id = 0; id < vocabulary.id_limit(); ++id) {
    if (!vocabulary.has(id)) continue;
    out += base::cat(separator, json_text(vocabulary.token(id)), ": ", id);
    separator = ",\n      ";
  }
  return out + "\n    }";
}

}  // namespace athanor::text

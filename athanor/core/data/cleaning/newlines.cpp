// \r\n and a lone \r become \n: a model should not spend tokens on the habits of operating systems.

#include "athanor/core/data/cleaning.h"

namespace athanor::data {
namespace {

Cleaned collapse(std::string& text) {
  size_t out = text.find('\r');
  if (out == std::string::npos) return Cleaned::kSame;
  for (size_t i = out; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    text[out++] = text[i] == '\r' ? '\n' : text[i];
  }
  text.resize(out);
  return Cleaned::kChanged;
}

}  // namespace

CleaningStep make_newlines(const CleaningOptions&) { return collapse; }

}  // namespace athanor::data

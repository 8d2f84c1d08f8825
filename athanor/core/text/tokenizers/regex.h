#pragma once
// Regular expressions of tokenizer.json. They are written for Oniguruma (Ruby syntax); PCRE2 runs them, after a translation of what
// the two read differently (regex_translate.h).

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace athanor::text {

class Regex {
 public:
  /// file_error naming `place` where the expression is malformed.
  Regex(std::string_view regex, std::string_view place);
  Regex(Regex&&) noexcept;
  ~Regex();

  /// Cuts `text` (valid UTF-8) into matches and what is between them, in order, and calls `part` for each. An empty match is a part
  /// too, unless it stands where the match before it ended. input_error where a match costs more than 10^6 steps, or
  /// fruitless attempts take more than 5 s and another second per MB.
  void parts(std::string_view text, const std::function<void(size_t begin, size_t end, bool is_match)>& part) const;

 private:
  struct Code;
  std::unique_ptr<Code> code_;
};

/// A plain text as an expression that matches just it.
std::string escape_regex(std::string_view text);

}  // namespace athanor::text

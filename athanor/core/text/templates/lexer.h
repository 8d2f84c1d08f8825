#pragma once
// A template's text into tokens, as jinja2 cuts it with trim_blocks and lstrip_blocks: the first line end after a tag goes, white
// space before a tag that begins a line goes, and -, + in a tag overrule both.

#include <string>
#include <string_view>
#include <vector>

namespace athanor::text::templates {

enum class TokenKind {
  kData,
  kBlockBegin,
  kBlockEnd,
  kVariableBegin,
  kVariableEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // data, a name, a string's value, a number's digits, an operator
  int line = 1;
};

/// What jinja2 calls a TemplateSyntaxError.
struct SyntaxFault {
  int line;
  std::string what;
};

/// `source` must be valid UTF-8. The last token is kEnd.
std::vector<Token> tokenize(std::string_view source);
/// How an error names a token.
std::string describe(const Token& token);

}  // namespace athanor::text::templates

#include "athanor/core/text/templates/expression_parser.h"

#include "athanor/core/text/templates/number_text.h"

namespace athanor::text::templates {

ExpressionPtr ExpressionParser::expression(bool with_condition) {
  Nest nest(stream_);
  return with_condition ? conditional() : either();
}

bool ExpressionParser::is_tuple_end(std::string_view end) const {
  return stream_.is(TokenKind::kVariableEnd) || stream_.is(TokenKind::kBlockEnd) || stream_.is_sign(")") ||
         (!end.empty() && stream_.is_name(end));
}

ExpressionPtr ExpressionParser::tuple(bool with_condition, std::string_view end, bool in_brackets) {
  std::vector<ExpressionPtr> items;
  bool comma = false;
  while (!is_tuple_end(end)) {
    items.push_back(expression(with_condition));
    if (!stream_.skip_sign(",")) break;
    comma = true;
  }
  if (!comma && !items.empty()) return std::move(items[0]);
  if (!comma && !in_brackets) stream_.fail("Expected an expression, got '" + describe(stream_.current()) + "'");
  return std::make_unique<Display>(std::move(items), true);
}

ExpressionPtr ExpressionParser::conditional() {
  Nest nest(stream_, false);
  ExpressionPtr value = either();
  while (stream_.skip_name("if")) {
    nest.deeper();
    auto out = std::make_unique<Conditional>();
    out->then = std::move(value);
    out->condition = either();
    if (stream_.skip_name("else")) out->otherwise = conditional();
    value = std::move(out);
  }
  return value;
}

ExpressionPtr ExpressionParser::either() {
  Nest nest(stream_, false);
  ExpressionPtr left = both();
  while (stream_.skip_name("or")) {
    nest.deeper();
    left = std::make_unique<Logic>(true, std::move(left), both());
  }
  return left;
}

ExpressionPtr ExpressionParser::both() {
  Nest nest(stream_, false);
  ExpressionPtr left = negation();
  while (stream_.skip_name("and")) {
    nest.deeper();
    left = std::make_unique<Logic>(false, std::move(left), negation());
  }
  return left;
}

ExpressionPtr ExpressionParser::negation() {
  if (!stream_.skip_name("not")) return comparison();
  Nest nest(stream_);
  return std::make_unique<Not>(negation());
}

ExpressionPtr ExpressionParser::comparison() {
  ExpressionPtr first = sum();
  auto out = std::make_unique<Comparison>();
  while (true) {
    std::string sign = stream_.current().text;
    bool compares = stream_.is(TokenKind::kOperator) &&
                    (sign == "==" || sign == "!=" || sign == "<" || sign == "<=" || sign == ">" || sign == ">=");
    if (stream_.is_name("not") && stream_.ahead().kind == TokenKind::kName && stream_.ahead().text == "in") {
      stream_.next();
      sign = "not in";
    } else if (!compares && !stream_.is_name("in")) {
      break;
    }
    stream_.next();
    out->rest.emplace_back(sign, sum());
  }
  if (out->rest.empty()) return first;
  out->first = std::move(first);
  return out;
}

ExpressionPtr ExpressionParser::chain(std::initializer_list<std::string_view> signs, Level operand) {
  Nest nest(stream_, false);
  ExpressionPtr left = (this->*operand)();
  while (stream_.is(TokenKind::kOperator) && std::find(signs.begin(), signs.end(), stream_.current().text) != signs.end()) {
    nest.deeper();
    std::string sign = stream_.next().text;
    left = std::make_unique<Binary>(sign, std::move(left), (this->*operand)());
  }
  return left;
}

ExpressionPtr ExpressionParser::sum() { return chain({"+", "-"}, &ExpressionParser::concatenation); }
ExpressionPtr ExpressionParser::product() { return chain({"*", "/", "//", "%"}, &ExpressionParser::power); }
ExpressionPtr ExpressionParser::power() { return chain({"**"}, &ExpressionParser::power_operand); }  // left to right, as jinja2

ExpressionPtr ExpressionParser::concatenation() {
  auto out = std::make_unique<Concat>();
  do out->parts.push_back(product());
  while (stream_.skip_sign("~"));
  if (out->parts.size() == 1) return std::move(out->parts[0]);
  return out;
}

ExpressionPtr ExpressionParser::unary(bool with_filters) {
  ExpressionPtr value;
  if (stream_.is_sign("-") || stream_.is_sign("+")) {
    Nest nest(stream_);
    bool negative = stream_.next().text == "-";
    value = std::make_unique<Signed>(negative, unary(false));
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  return with_filters ? filters_and_tests(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::primary() {
  if (stream_.is(TokenKind::kName)) return named();
  if (stream_.is(TokenKind::kInteger) || stream_.is(TokenKind::kFloat)) return number();
  if (stream_.is(TokenKind::kString)) {
    std::string text;
    while (stream_.is(TokenKind::kString)) text += stream_.next().text;
    return std::make_unique<Literal>(Value::string(std::move(text)));
  }
  if (stream_.skip_sign("(")) {
    ExpressionPtr inside = tuple(true, {}, true);
    stream_.expect_sign(")");
    return inside;
  }
  if (stream_.skip_sign("[")) return list();
  if (stream_.skip_sign("{")) return dict();
  stream_.fail("unexpected '" + describe(stream_.current()) + "'");
}

ExpressionPtr ExpressionParser::named() {
  std::string name = stream_.next().text;
  if (name == "true" || name == "True") return std::make_unique<Literal>(Value::boolean(true));
  if (name == "false" || name == "False") return std::make_unique<Literal>(Value::boolean(false));
  if (name == "none" || name == "None") return std::make_unique<Literal>(Value());
  return std::make_unique<Name>(std::move(name));
}

ExpressionPtr ExpressionParser::number() {
  const Token token = stream_.next();
  if (token.kind == TokenKind::kFloat) {
    auto value = read_float(token.text);
    return std::make_unique<Literal>(Value::number(value ? *value : 0));
  }
  auto value = read_integer(token.text, 0);
  if (!value) throw SyntaxFault{token.line, "the whole number " + token.text.substr(0, 40) + " does not fit 64 bits"};
  return std::make_unique<Literal>(Value::integer(*value));
}

ExpressionPtr ExpressionParser::list() {
  std::vector<ExpressionPtr> items;
  while (!stream_.is_sign("]")) {
    items.push_back(expression());
    if (!stream_.skip_sign(",")) break;
  }
  stream_.expect_sign("]");
  return std::make_unique<Display>(std::move(items), false);
}

ExpressionPtr ExpressionParser::dict() {
  auto out = std::make_unique<DictDisplay>();
  while (!stream_.is_sign("}")) {
    ExpressionPtr key = expression();
    stream_.expect_sign(":");
    out->pairs.emplace_back(std::move(key), expression());
    if (!stream_.skip_sign(",")) break;
  }
  stream_.expect_sign("}");
  return out;
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr value) {
  Nest nest(stream_, false);
  while (true) {
    if (stream_.skip_sign("."))
      value = dotted(std::move(value));
    else if (stream_.skip_sign("["))
      value = subscripted(std::move(value));
    else if (stream_.is_sign("("))
      value = call(std::move(value));
    else
      return value;
    nest.deeper();
  }
}

ExpressionPtr ExpressionParser::filters_and_tests(ExpressionPtr value) {
  Nest nest(stream_, false);
  while (true) {
    if (stream_.is_sign("|"))
      value = filters(std::move(value));
    else if (stream_.skip_name("is"))
      value = test(std::move(value));
    else if (stream_.is_sign("("))
      value = call(std::move(value));
    else
      return value;
    nest.deeper();
  }
}

ExpressionPtr ExpressionParser::dotted(ExpressionPtr object) {
  if (stream_.is(TokenKind::kInteger)) return std::make_unique<Subscript>(std::move(object), number());
  if (!stream_.is(TokenKind::kName)) stream_.fail("expected name or number");
  return std::make_unique<Attribute>(std::move(object), stream_.next().text);
}

ExpressionPtr ExpressionParser::subscripted(ExpressionPtr object) {
  if (stream_.is_sign("]")) stream_.fail("expected subscript expression");
  auto slice = std::make_unique<Slice>();
  if (!stream_.is_sign(":")) {
    ExpressionPtr key = expression();
    if (!stream_.is_sign(":")) {
      std::vector<ExpressionPtr> keys;
      keys.push_back(std::move(key));
      while (stream_.skip_sign(",")) keys.push_back(expression());
      stream_.expect_sign("]");
      if (keys.size() == 1) return std::make_unique<Subscript>(std::move(object), std::move(keys[0]));
      return std::make_unique<Subscript>(std::move(object), std::make_unique<Display>(std::move(keys), true));
    }
    slice->start = std::move(key);
  }
  stream_.expect_sign(":");
  if (!stream_.is_sign(":") && !stream_.is_sign("]")) slice->stop = expression();
  if (stream_.skip_sign(":") && !stream_.is_sign("]")) slice->step = expression();
  stream_.expect_sign("]");
  slice->object = std::move(object);
  return slice;
}

ExpressionPtr ExpressionParser::call(ExpressionPtr callee) {
  auto out = std::make_unique<Call>();
  out->line = stream_.line();
  out->callee = std::move(callee);
  out->arguments = call_arguments();
  return out;
}

CallArguments ExpressionParser::call_arguments() {
  CallArguments out;
  const int line = stream_.line();
  auto ensure = [line](bool holds) {
    if (!holds) throw SyntaxFault{line, "invalid syntax for function call expression"};
  };
  stream_.expect_sign("(");
  while (!stream_.is_sign(")")) {
    if (stream_.skip_sign("*")) {
      ensure(!out.more_positional && !out.more_keyword);
      out.more_positional = expression();
    } else if (stream_.skip_sign("**")) {
      ensure(!out.more_keyword);
      out.more_keyword = expression();
    } else if (stream_.is(TokenKind::kName) && stream_.ahead().kind == TokenKind::kOperator && stream_.ahead().text == "=") {
      ensure(!out.more_keyword);
      std::string name = stream_.next().text;
      stream_.next();
      out.keyword.emplace_back(std::move(name), expression());
    } else {
      ensure(!out.more_positional && !out.more_keyword && out.keyword.empty());
      out.positional.push_back(expression());
    }
    if (!stream_.skip_sign(",")) break;
  }
  stream_.expect_sign(")");
  return out;
}

std::string ExpressionParser::dotted_name() {
  std::string name = stream_.expect(TokenKind::kName).text;
  while (stream_.skip_sign(".")) name += "." + stream_.expect(TokenKind::kName).text;
  return name;
}

ExpressionPtr ExpressionParser::filters(ExpressionPtr value, bool without_bar) {
  Nest nest(stream_, false);
  while (without_bar || stream_.skip_sign("|")) {
    without_bar = false;
    nest.deeper();
    auto filter = std::make_unique<FilterCall>();
    filter->value = std::move(value);
    filter->name = dotted_name();
    if (stream_.is_sign("(")) filter->arguments = call_arguments();
    value = std::move(filter);
  }
  return value;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr value) {
  bool negated = stream_.skip_name("not");
  auto out = std::make_unique<TestCall>();
  out->value = std::move(value);
  out->name = dotted_name();
  bool literal = stream_.is(TokenKind::kString) || stream_.is(TokenKind::kInteger) || stream_.is(TokenKind::kFloat) ||
                 stream_.is_sign("[") || stream_.is_sign("{");
  bool name = stream_.is(TokenKind::kName) && !stream_.is_name("else") && !stream_.is_name("or") && !stream_.is_name("and");
  if (stream_.is_sign("(")) {
    out->arguments = call_arguments();
  } else if (literal || name) {
    if (stream_.is_name("is")) stream_.fail("You cannot chain multiple tests with is");
    out->arguments.positional.push_back(postfix(primary()));
  }
  if (negated) return std::make_unique<Not>(std::move(out));
  return out;
}

}  // namespace athanor::text::templates

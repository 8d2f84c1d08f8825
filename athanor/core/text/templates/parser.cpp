#include "athanor/core/text/templates/parser.h"

#include <set>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/expression_parser.h"
#include "athanor/core/text/templates/loop.h"
#include "athanor/core/text/templates/macro.h"

namespace athanor::text::templates {
namespace {

using StatementPtr = std::unique_ptr<const Statement>;
using Names = std::initializer_list<std::string_view>;

class Parser {
 public:
  explicit Parser(std::string_view source) : stream_(tokenize(source)), expressions_(stream_) {}

  Block whole() {
    Block block = statements({}, "");
    return block;
  }

 private:
  struct Row {
    const char* tag;
    StatementPtr (Parser::*parse)(int line);
  };
  static const Row kTags[];

  /// Statements up to one of `ends`, which stays to be read.
  Block statements(Names ends, std::string_view opener) {
    Nest nest(stream_);
    const int begin = stream_.line(), outer_deepest = std::exchange(stream_.deepest(), stream_.depth());
    Block block;
    while (!stream_.is(TokenKind::kEnd)) {
      const int line = stream_.line();
      if (stream_.is(TokenKind::kData)) {
        block.statements.push_back(std::make_unique<Text>(line, stream_.next().text));
      } else if (stream_.is(TokenKind::kVariableBegin)) {
        stream_.next();
        block.statements.push_back(std::make_unique<Print>(line, expressions_.tuple()));
        stream_.expect(TokenKind::kVariableEnd);
      } else {
        stream_.expect(TokenKind::kBlockBegin);
        if (std::any_of(ends.begin(), ends.end(), [this](std::string_view end) { return stream_.is_name(end); })) break;
        block.statements.push_back(statement());
        stream_.expect(TokenKind::kBlockEnd);
      }
    }
    if (stream_.is(TokenKind::kEnd) && ends.size() > 0)
      stream_.fail(base::cat("Unexpected end of template: '", opener, "' of line ", begin, " waits for '", *(ends.end() - 1), "'"));
    block.depth = stream_.deepest() - stream_.depth() + 1;
    stream_.deepest() = std::max(outer_deepest, stream_.deepest());
    return block;
  }

  /// `%} body {% end`, the end included.
  Block body(std::string_view opener, std::string_view end) {
    Block block = body_until({end}, opener);
    stream_.next();
    return block;
  }
  Block body_until(Names ends, std::string_view opener) {
    stream_.skip_sign(":");
    stream_.expect(TokenKind::kBlockEnd);
    return statements(ends, opener);
  }

  StatementPtr statement() {
    if (!stream_.is(TokenKind::kName)) stream_.fail("tag name expected");
    const int line = stream_.line();
    const std::string tag = stream_.next().text;
    for (const Row* row = kTags; row->tag; ++row)
      if (tag == row->tag) return (this->*row->parse)(line);
    throw SyntaxFault{line, "Encountered unknown tag '" + tag + "'"};
  }

  Target target(bool with_namespace, std::string_view end = {}) {
    Target out;
    bool comma = false;
    while (stream_.is(TokenKind::kName) || stream_.is_sign("(")) {
      if (!end.empty() && stream_.is_name(end)) break;
      out.parts.push_back(single_target(with_namespace));
      if (!stream_.skip_sign(",")) break;
      comma = true;
    }
    if (out.parts.empty()) stream_.fail("can't assign to '" + describe(stream_.current()) + "'");
    if (!comma) return std::move(out.parts[0]);
    out.is_tuple = true;
    return out;
  }

  Target single_target(bool with_namespace) {
    Nest nest(stream_);
    if (stream_.skip_sign("(")) {
      Target inside = target(with_namespace);
      stream_.expect_sign(")");
      return inside;
    }
    static const std::set<std::string> kLiterals = {"true", "false", "none", "True", "False", "None"};
    Target out;
    out.name = stream_.expect(TokenKind::kName).text;
    if (kLiterals.contains(out.name)) stream_.fail("can't assign to '" + out.name + "'");
    if (with_namespace && stream_.skip_sign(".")) out.attribute = stream_.expect(TokenKind::kName).text;
    return out;
  }

  StatementPtr parse_if(int line) {
    auto out = std::make_unique<If>(line);
    std::string end = "elif";
    while (end == "elif") {
      ExpressionPtr condition = expressions_.tuple(false);
      out->branches.emplace_back(std::move(condition), body_until({"elif", "else", "endif"}, "if"));
      end = stream_.next().text;
    }
    if (end == "else") out->otherwise = body("else", "endif");
    return out;
  }

  StatementPtr parse_for(int line) {
    auto out = std::make_unique<For>(line);
    out->target = target(false, "in");
    if (names_loop(out->target)) throw SyntaxFault{line, "Can't assign to special loop variable in for-loop target"};
    stream_.expect_name("in");
    out->items = expressions_.tuple(false, "recursive");
    if (stream_.skip_name("if")) out->test = expressions_.expression();
    out->recursive = stream_.skip_name("recursive");
    ++loops_;
    out->body = body_until({"else", "endfor"}, "for");
    --loops_;
    if (stream_.next().text == "else") out->otherwise = body("else", "endfor");
    return out;
  }

  static bool names_loop(const Target& target) {
    return target.name == "loop" || std::any_of(target.parts.begin(), target.parts.end(), names_loop);
  }

  StatementPtr parse_set(int line) {
    Target to = target(true);
    if (stream_.skip_sign("=")) {
      auto out = std::make_unique<Set>(line);
      out->target = std::move(to);
      out->value = expressions_.tuple();
      return out;
    }
    auto out = std::make_unique<Captured>(line);
    out->target = std::move(to);
    out->filters = expressions_.filters(nullptr);
    out->body = body("set", "endset");
    return out;
  }

  StatementPtr parse_filter(int line) {
    auto out = std::make_unique<Captured>(line);
    out->filters = expressions_.filters(nullptr, true);
    out->body = body("filter", "endfilter");
    return out;
  }

  StatementPtr parse_with(int line) {
    auto out = std::make_unique<With>(line);
    while (!stream_.is(TokenKind::kBlockEnd)) {
      if (!out->values.empty()) stream_.expect_sign(",");
      Target to = single_target(false);
      stream_.expect_sign("=");
      out->values.emplace_back(std::move(to), expressions_.expression());
    }
    out->body = body("with", "endwith");
    return out;
  }

  StatementPtr parse_block(int line) {
    auto out = std::make_unique<With>(line);
    const std::string name = stream_.expect(TokenKind::kName).text;
    if (!blocks_.insert(name).second) throw SyntaxFault{line, "block '" + name + "' defined twice"};
    stream_.skip_name("scoped");
    out->body = body("block", "endblock");
    stream_.skip_name(name);
    return out;
  }

  std::vector<Parameter> signature() {
    std::vector<Parameter> out;
    stream_.expect_sign("(");
    while (!stream_.is_sign(")")) {
      if (!out.empty()) stream_.expect_sign(",");
      Parameter p{stream_.expect(TokenKind::kName).text, nullptr};
      if (stream_.skip_sign("="))
        p.otherwise = expressions_.expression();
      else if (!out.empty() && out.back().otherwise)
        stream_.fail("non-default argument follows default argument");
      out.push_back(std::move(p));
    }
    stream_.expect_sign(")");
    return out;
  }

  /// A macro's body: loops outside cannot be left from it, and the names it reads say what its caller may pass.
  void macro_body(MacroCode& code, std::string_view opener, std::string_view end) {
    const int loops = std::exchange(loops_, 0);
    const size_t begin = stream_.position();
    code.body = body(opener, end);
    loops_ = loops;
    code.reads_caller = stream_.names_since(begin, "caller");
    code.reads_varargs = stream_.names_since(begin, "varargs");
    code.reads_kwargs = stream_.names_since(begin, "kwargs");
    for (const Parameter& p : code.parameters) {
      if (p.name == "caller") code.reads_caller = false;
      if (p.name == "varargs") code.reads_varargs = false;
      if (p.name == "kwargs") code.reads_kwargs = false;
    }
  }

  StatementPtr parse_macro(int line) {
    auto out = std::make_unique<MacroStatement>(line);
    out->code.name = stream_.expect(TokenKind::kName).text;
    out->code.parameters = signature();
    macro_body(out->code, "macro", "endmacro");
    return out;
  }

  StatementPtr parse_call(int line) {
    auto out = std::make_unique<CallBlock>(line);
    out->code.name = "caller";
    if (stream_.is_sign("(")) out->code.parameters = signature();
    ExpressionPtr called = expressions_.expression();
    if (!dynamic_cast<const Call*>(called.get())) throw SyntaxFault{line, "expected call"};
    out->call.reset(static_cast<const Call*>(called.release()));
    macro_body(out->code, "call", "endcall");
    return out;
  }

  StatementPtr parse_generation(int line) {
    auto out = std::make_unique<Generation>(line);
    const int loops = std::exchange(loops_, 0);
    out->body = body("generation", "endgeneration");
    loops_ = loops;
    return out;
  }

  StatementPtr parse_print(int line) {
    auto parts = std::make_unique<Concat>();
    do parts->parts.push_back(expressions_.expression());
    while (stream_.skip_sign(","));
    return std::make_unique<Print>(line, std::move(parts));
  }

  StatementPtr parse_leave(int line, Flow flow) {
    if (loops_ == 0) throw SyntaxFault{line, flow == Flow::kBreak ? "'break' outside loop" : "'continue' outside loop"};
    return std::make_unique<Leave>(line, flow);
  }
  StatementPtr parse_break(int line) { return parse_leave(line, Flow::kBreak); }
  StatementPtr parse_continue(int line) { return parse_leave(line, Flow::kContinue); }

  StatementPtr parse_other_template(int line) {
    while (!stream_.is(TokenKind::kBlockEnd) && !stream_.is(TokenKind::kEnd)) stream_.next();
    return std::make_unique<OtherTemplate>(line);
  }

  StatementPtr parse_autoescape(int line) {
    ExpressionPtr on = expressions_.expression();
    auto* literal = dynamic_cast<const Literal*>(on.get());
    if (!literal || !literal->value.is(Kind::kBool) || literal->value.whole())
      throw SyntaxFault{line, "only `autoescape false` is supported"};
    auto out = std::make_unique<With>(line);
    out->body = body("autoescape", "endautoescape");
    return out;
  }

  TokenStream stream_;
  ExpressionParser expressions_;
  std::set<std::string> blocks_;
  int loops_ = 0;  // that break and continue can leave here
};

const Parser::Row Parser::kTags[] = {
    {"autoescape", &Parser::parse_autoescape},
    {"block", &Parser::parse_block},
    {"break", &Parser::parse_break},
    {"call", &Parser::parse_call},
    {"continue", &Parser::parse_continue},
    {"extends", &Parser::parse_other_template},
    {"filter", &Parser::parse_filter},
    {"for", &Parser::parse_for},
    {"from", &Parser::parse_other_template},
    {"generation", &Parser::parse_generation},
    {"if", &Parser::parse_if},
    {"import", &Parser::parse_other_template},
    {"include", &Parser::parse_other_template},
    {"macro", &Parser::parse_macro},
    {"print", &Parser::parse_print},
    {"set", &Parser::parse_set},
    {"with", &Parser::parse_with},
    {nullptr, nullptr},
};

}  // namespace

Block parse(std::string_view source) { return Parser(source).whole(); }

}  // namespace athanor::text::templates

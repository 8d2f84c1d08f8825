#include "athanor/run/generate/constraints/json_text.h"

#include <algorithm>
#include <map>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::generate {
namespace {

constexpr int64_t kMostIndent = 20, kMostFraction = 15;

/// Characters that stand for themselves in a string.
CharSet plain_chars() { return CharSet({{0, 0x1f}, {'"', '"'}, {'\\', '\\'}}).inverted(); }
CharSet digit() { return {{'0', '9'}}; }
CharSet hex() { return {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}; }

std::string escape_of(uint32_t c) {
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
  if (const size_t i = kNamed.find(static_cast<char>(c)); i != std::string_view::npos) return base::cat('\\', kLetters[i]);
  constexpr std::string_view kHex = "0123456789abcdef";
  return base::cat("\\u00", kHex[c >> 4], kHex[c & 15]);
}

}  // namespace

JsonText::JsonText(Grammar& grammar)
    : grammar_(grammar),
      space_(grammar.add_rule("space", false)),
      char_(grammar.add_rule("character", false)),
      string_(grammar.add_rule("string", false)),
      number_(grammar.add_rule("number", false)),
      integer_(grammar.add_rule("integer", false)),
      value_(grammar.add_rule("value", false)),
      array_(grammar.add_rule("array", false)),
      object_(grammar.add_rule("object", false)) {
  define_values();
}

void JsonText::define_values() {
  Grammar& g = grammar_;
  const ExprId indent = g.repeat(g.chars({{' ', ' '}, {'\t', '\t'}}), 0, kMostIndent);
  g.define(space_, g.choice({g.bytes(""), g.bytes(" "), g.sequence({g.bytes("\n"), indent})}));
  g.define(char_, free_char());
  g.define(string_, quoted(g.repeat(free_char(), 0)));
  // Digits are bounded, so that every number can be read as a double.
  const ExprId whole = g.choice({g.bytes("0"), g.sequence({g.chars({{'1', '9'}}), g.repeat(g.chars(digit()), 0, kMostFraction)})});
  const ExprId minus = g.optional(g.bytes("-"));
  const ExprId fraction = g.sequence({g.bytes("."), g.repeat(g.chars(digit()), 1, kMostFraction)});
  const ExprId power = g.sequence(
      {g.chars({{'E', 'E'}, {'e', 'e'}}), g.optional(g.chars({{'+', '+'}, {'-', '-'}})), g.repeat(g.chars(digit()), 1, 2)});
  g.define(integer_, g.sequence({minus, whole}));
  g.define(number_, g.sequence({minus, whole, g.optional(fraction), g.optional(power)}));
  const auto comma_list = [&](ExprId item) { return g.sequence({item, g.repeat(g.sequence({comma(), item}), 0)}); };
  g.define(array_, array(comma_list(value()), true));
  g.define(object_, object(comma_list(g.sequence({string(), g.bytes(":"), space(), value()})), true));
  g.define(value_, g.choice({any_object(), any_array(), string(), number(), g.bytes("true"), g.bytes("false"), g.bytes("null")}));
}

/// Any character, in any spelling; half a surrogate pair is none.
ExprId JsonText::free_char() {
  Grammar& g = grammar_;
  const ExprId h = g.chars(hex());
  const CharSet d = {{'D', 'D'}, {'d', 'd'}};
  const ExprId no_surrogate =
      g.choice({g.sequence({g.chars(hex().without(d)), h, h, h}), g.sequence({g.chars(d), g.chars({{'0', '7'}}), h, h})});
  const ExprId pair = g.sequence({g.chars(d), g.chars({{'8', '9'}, {'A', 'B'}, {'a', 'b'}}), h, h, g.bytes("\\u"), g.chars(d),
                                  g.chars({{'C', 'F'}, {'c', 'f'}}), h, h});
  const ExprId by_number = g.sequence({g.bytes("u"), g.choice({no_surrogate, pair})});
  const CharSet letters = {{'"', '"'}, {'/', '/'}, {'\\', '\\'}, {'b', 'b'}, {'f', 'f'}, {'n', 'n'}, {'r', 'r'}, {'t', 't'}};
  return g.choice({g.chars(plain_chars()), g.sequence({g.bytes("\\"), g.choice({g.chars(letters), by_number})})});
}

ExprId JsonText::string_char(const CharSet& set) {
  std::vector<ExprId> ways;
  if (const CharSet plain = set.common_with(plain_chars()); !plain.empty()) ways.push_back(grammar_.chars(plain));
  for (const CharRange& r : set.without(plain_chars()).ranges())
    for (uint32_t c = r.low; c <= r.high; ++c) ways.push_back(grammar_.bytes(escape_of(c)));
  return grammar_.choice(std::move(ways));
}

ExprId JsonText::string_of_length(int64_t min, int64_t max) {
  if (min == 0 && max == kUnbounded) return string();
  return quoted(grammar_.repeat(grammar_.rule(char_), min, max == kUnbounded ? max : std::min(max, kMostRepeats)));
}

/// A tree of the names: a string that leaves it anywhere, or ends where no name does, is another one.
ExprId JsonText::other_string(const std::vector<std::string>& names) {
  struct Node {
    std::map<uint32_t, size_t> next;
    bool is_name = false;
  };
  std::vector<Node> tree(1);
  for (const std::string& name : names) {
    size_t at = 0;
    for (size_t i = 0; i < name.size();) {
      const text::Char c = text::char_at(name.data() + i);
      i += c.length;
      const auto [it, is_new] = tree[at].next.try_emplace(c.code, tree.size());
      at = it->second;
      if (is_new) tree.push_back({});
    }
    tree[at].is_name = true;
  }
  std::vector<RuleId> rules;
  for (size_t i = 0; i < tree.size(); ++i) rules.push_back(grammar_.add_rule("(another name)"));
  const ExprId rest = grammar_.repeat(grammar_.chars(plain_chars()), 0);
  for (size_t i = 0; i < tree.size(); ++i) {
    CharSet on_the_way;
    std::vector<ExprId> ways;
    for (const auto& [c, next] : tree[i].next) {
      on_the_way.add(c, c);
      const CharSet one = CharSet({{c, c}}).common_with(plain_chars());
      if (!one.empty()) ways.push_back(grammar_.sequence({grammar_.chars(one), grammar_.rule(rules[next])}));
    }
    ways.push_back(grammar_.sequence({grammar_.chars(plain_chars().without(on_the_way)), rest}));
    if (!tree[i].is_name) ways.push_back(grammar_.bytes(""));
    grammar_.define(rules[i], grammar_.choice(std::move(ways)));
  }
  return quoted(grammar_.rule(rules[0]));
}

ExprId JsonText::enclosed(const char* open, ExprId inside, bool may_be_empty, const char* close) {
  ExprId content = grammar_.sequence({inside, space()});
  if (may_be_empty) content = grammar_.optional(content);
  return grammar_.sequence({grammar_.bytes(open), space(), content, grammar_.bytes(close)});
}

ExprId JsonText::array(ExprId items, bool may_be_empty) { return enclosed("[", items, may_be_empty, "]"); }
ExprId JsonText::object(ExprId members, bool may_be_empty) { return enclosed("{", members, may_be_empty, "}"); }

/// Digits of numbers from low to high, which are equally long.
ExprId JsonText::digits_between(std::string_view low, std::string_view high) {
  Grammar& g = grammar_;
  const auto any = [&](size_t n) { return g.repeat(g.chars(digit()), static_cast<int64_t>(n), static_cast<int64_t>(n)); };
  const size_t rest = low.size() - 1;
  const uint32_t l = static_cast<unsigned char>(low[0]), h = static_cast<unsigned char>(high[0]);
  const bool from_zeros = low.find_first_not_of('0', 1) == std::string_view::npos;
  const bool to_nines = high.find_first_not_of('9', 1) == std::string_view::npos;
  if (rest == 0) return g.chars({{l, h}});
  if (from_zeros && to_nines) return g.sequence({g.chars({{l, h}}), any(rest)});
  if (l == h) return g.sequence({g.chars({{l, l}}), digits_between(low.substr(1), high.substr(1))});
  const std::string zeros(rest, '0'), nines(rest, '9');
  std::vector<ExprId> ways = {g.sequence({g.chars({{l, l}}), digits_between(low.substr(1), nines)}),
                              g.sequence({g.chars({{h, h}}), digits_between(zeros, high.substr(1))})};
  if (l + 1 < h) ways.push_back(g.sequence({g.chars({{l + 1, h - 1}}), any(rest)}));
  return g.choice(std::move(ways));
}

/// Whole numbers from low (0 or more) to high, without leading zeros.
ExprId JsonText::whole_between(int64_t low, int64_t high) {
  std::vector<ExprId> ways;
  if (low > high) return nothing();
  const std::string last = base::cat(high);
  for (std::string from = base::cat(low);; from = "1" + std::string(from.size(), '0')) {
    const bool is_last = from.size() == last.size();
    ways.push_back(digits_between(from, is_last ? last : std::string(from.size(), '9')));
    if (is_last) return grammar_.choice(std::move(ways));
  }
}

/// Numbers from low (0 or more) to high. With a fraction: up to the last whole number before high, and just above low.
ExprId JsonText::magnitude(NumberBound low, NumberBound high, bool whole) {
  Grammar& g = grammar_;
  const int64_t last = high.value - (high.exclusive ? 1 : 0);
  std::vector<ExprId> ways = {whole_between(low.value + (low.exclusive ? 1 : 0), last)};
  if (!whole) {
    const ExprId fraction = g.repeat(g.chars(digit()), 1, kMostFraction);
    ways.push_back(g.sequence({whole_between(low.value + (low.exclusive ? 1 : 0), high.value - 1), g.bytes("."), fraction}));
    const ExprId above = g.sequence({g.repeat(g.chars(digit()), 0, 7), g.chars({{'1', '9'}}), g.repeat(g.chars(digit()), 0, 7)});
    if (low.exclusive && low.value < high.value) ways.push_back(g.sequence({g.bytes(base::cat(low.value)), g.bytes("."), above}));
  }
  return g.choice(std::move(ways));
}

ExprId JsonText::number_between(std::optional<NumberBound> low, std::optional<NumberBound> high, bool whole) {
  constexpr int64_t kFar = 999'999'999'999'999;
  const NumberBound l = low.value_or(NumberBound{high ? std::min(-kFar, high->value - 1) : -kFar});
  const NumberBound h = high.value_or(NumberBound{std::max(kFar, l.value + 1)});
  std::vector<ExprId> ways;
  if (h.value >= 0) ways.push_back(magnitude(l.value < 0 ? NumberBound{0} : l, h, whole));
  if (l.value < 0) {
    // As magnitudes after a minus; -0 is left to the other side, so 0 itself is always excluded.
    const NumberBound from = h.value >= 0 ? NumberBound{0, true} : NumberBound{-h.value, h.exclusive};
    ways.push_back(grammar_.sequence({grammar_.bytes("-"), magnitude(from, {-l.value, l.exclusive}, whole)}));
  }
  return grammar_.choice(std::move(ways));
}

}  // namespace athanor::generate

#include "athanor/core/text/templates/text_filters.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/format.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/python_text.h"
#include "athanor/core/text/templates/represent.h"
#include "athanor/core/text/templates/text_methods.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text::templates {
namespace {

/// A text as it is, anything else as str() writes it.
Value soft(Interpreter& in, const Value& value) { return value.is_string() ? value : Value::string(str_of(value, in.budget())); }

/// Faults where the value is no text: for filters that call Python's operators on it.
const std::string& text_of(const Value& value) {
  if (value.is_undefined()) fault(value.text());
  if (!value.is_string()) fault("the filter needs a text, not " + type_name(value));
  return value.text();
}

template <std::string (*change)(std::string_view)>
Value changed(Interpreter& in, const Value& value, const Given&) {
  Value text = soft(in, value);
  return like(text, change(text.text()));
}

/// Every word begins with a capital; words stand behind white space and opening brackets, not behind apostrophes.
std::string title(std::string_view text) {
  std::string out;
  bool begins = true;
  for (std::string_view c : characters_of(text)) {
    bool separates = is_space(char_at(c.data()).code) || std::string_view("-({[<").find(c) != std::string_view::npos;
    out += begins ? upper_text(c) : lower_text(c);
    begins = separates;
  }
  return out;
}

Value center(Interpreter& in, const Value& value, const Given& given) {
  Value text = soft(in, value);
  return like(text, padded(in, text.text(), given.whole(0, 80), " ", '^'));
}

Value escape(Interpreter& in, const Value& value, const Given&) {
  return value.safe() ? value : Value::string(escape_html(str_of(value, in.budget())), true);
}
Value force_escape(Interpreter& in, const Value& value, const Given&) {
  return Value::string(escape_html(str_of(value, in.budget())), true);
}
Value safe(Interpreter& in, const Value& value, const Given&) { return Value::string(str_of(value, in.budget()), true); }
Value string(Interpreter& in, const Value& value, const Given&) { return soft(in, value); }

Value format(Interpreter& in, const Value& value, const Given& given) {
  Arguments& all = given.all();
  if (!all.positional.empty() && !all.keyword.empty()) fault("can't handle positional and keyword arguments at the same time");
  Value text = soft(in, value);
  if (all.keyword.empty()) return like(text, format_percent(in, text.text(), Value::tuple(all.positional)));
  Dict names;
  for (const auto& [name, item] : all.keyword) names.set(name, item);
  return like(text, format_percent(in, text.text(), Value::dict(std::move(names))));
}

Value indent(Interpreter& in, const Value& value, const Given& given) {
  bool blank = given.truth(in, 2, false);
  int64_t width = given.has(0) && given[0].is_string() ? 0 : std::min<int64_t>(given.whole(0, 4), kMostOutput);
  std::string indention =
      given.has(0) && given[0].is_string() ? given[0].text() : std::string(static_cast<size_t>(std::max<int64_t>(0, width)), ' ');
  std::string text = text_of(value) + "\n", out;
  auto lines = split_lines(text);
  in.budget().objects(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += "\n";
    if (i == 0 ? given.truth(in, 1, false) : blank || !lines[i].empty()) out += indention;
    in.budget().bytes(indention.size() + lines[i].size());
    out += lines[i];
    if (out.size() > kMostOutput) fault("a text is longer than 4 MiB");
  }
  return like(value, out);
}

Value replace(Interpreter& in, const Value& value, const Given& given) {
  std::string text = str_of(value, in.budget()), part = str_of(given[0], in.budget()), by = str_of(given[1], in.budget());
  std::string out = replace_text(text, part, by, given.whole(2, -1), kMostOutput);
  in.budget().bytes(out.size());
  return Value::string(std::move(out));
}

Value trim(Interpreter& in, const Value& value, const Given& given) {
  Value text = soft(in, value);
  std::string_view characters = given.says(0) ? std::string_view(given.text(0)) : std::string_view();
  const std::string_view* only = given.says(0) ? &characters : nullptr;
  if (only) in.budget().bytes(text.text().size() * (1 + characters.size() / 8));
  return like(text, strip_left(strip_right(text.text(), only), only));
}

Value truncate(Interpreter& in, const Value& value, const Given& given) {
  const std::string& text = text_of(value);
  const int64_t length = given.whole(0, 255), leeway = given.whole(3, 5);
  const std::string end = given.has(2) ? given.text(2) : "...";
  const int64_t size = static_cast<int64_t>(character_count(text)), end_size = static_cast<int64_t>(character_count(end));
  if (length < end_size) fault(base::cat("expected length >= ", end_size, ", got ", length));
  if (leeway < 0) fault(base::cat("expected leeway >= 0, got ", leeway));
  if (size <= length || size - length <= leeway) return value;
  std::string_view cut = std::string_view(text).substr(0, offset_of(text, static_cast<size_t>(length - end_size)));
  if (!given.truth(in, 1, false)) cut = cut.substr(0, cut.rfind(' '));
  return like(value, std::string(cut) + end);
}

std::string quote(std::string_view text, bool for_query) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    unsigned char byte = static_cast<unsigned char>(c);
    if ((byte < 0x80 && std::isalnum(byte)) || std::string_view("_.-~").find(c) != std::string_view::npos ||
        (c == '/' && !for_query))
      out += c;
    else if (c == ' ' && for_query)
      out += '+';
    else
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

Value url_encode(Interpreter& in, const Value& value, const Given&) {
  if (value.is_string() || !iterable(value)) return Value::string(quote(str_of(value, in.budget()), false));
  std::string out;
  const Dict dict = dict_from(in, value);
  for (const auto& [key, item] : dict.pairs())
    out += (out.empty() ? "" : "&") + quote(str_of(key, in.budget()), true) + "=" + quote(str_of(item, in.budget()), true);
  return Value::string(std::move(out));
}

Value word_count(Interpreter& in, const Value& value, const Given&) {
  int64_t words = 0;
  bool inside = false;
  Value text = soft(in, value);
  for (std::string_view c : characters_of(text.text())) {
    bool word = class_at(CharClasses::instance(), c.data()).classes & kWord;
    words += word && !inside;
    inside = word;
  }
  return Value::integer(words);
}

constexpr FilterRow kTextFilters[] = {
    {"capitalize", "", changed<capital_text>},
    {"center", "width?", center},
    {"e", "", escape},
    {"escape", "", escape},
    {"forceescape", "", force_escape},
    {"format", "*", format},
    {"indent", "width? first? blank?", indent},
    {"lower", "", changed<lower_text>},
    {"replace", "old new count?", replace},
    {"safe", "", safe},
    {"string", "", string},
    {"title", "", changed<title>},
    {"trim", "chars?", trim},
    {"truncate", "length? killwords? end? leeway?", truncate},
    {"upper", "", changed<upper_text>},
    {"urlencode", "", url_encode},
    {"wordcount", "", word_count},
};

}  // namespace

std::span<const FilterRow> text_filters() { return kTextFilters; }

}  // namespace athanor::text::templates

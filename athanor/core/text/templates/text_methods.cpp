#include "athanor/core/text/templates/text_methods.h"

#include "athanor/core/text/templates/format.h"
#include "athanor/core/text/templates/interpreter.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/python_text.h"

namespace athanor::text::templates {
namespace {

constexpr size_t kNowhere = std::string_view::npos;

template <std::string (*change)(std::string_view)>
Value changed_text(Interpreter&, const Value& self, const Given&) {
  return like(self, change(self.text()));
}

template <TextClass wanted>
Value is_class(Interpreter&, const Value& self, const Given&) {
  return Value::boolean(all_of_class(self.text(), wanted));
}

template <bool (*holds)(std::string_view)>
Value is_text(Interpreter&, const Value& self, const Given&) {
  return Value::boolean(holds(self.text()));
}

bool is_ascii(std::string_view text) { return character_count(text) == text.size() && text.find_first_of("\x80\xff") == kNowhere; }

template <bool left, bool right>
Value strip(Interpreter& in, const Value& self, const Given& given) {
  std::string_view text = self.text(), characters = given.says(0) ? std::string_view(given.text(0)) : std::string_view();
  const std::string_view* only = given.says(0) ? &characters : nullptr;
  if (only) in.budget().bytes(text.size() * (1 + characters.size() / 8));
  if (left) text = strip_left(text, only);
  if (right) text = strip_right(text, only);
  return like(self, text);
}

template <std::vector<std::string_view> (*cut)(std::string_view, std::string_view, int64_t)>
Value split(Interpreter& in, const Value& self, const Given& given) {
  if (given.says(0) && given.text(0).empty()) fault("empty separator");
  return list_of(in, self, cut(self.text(), given.says(0) ? given.text(0) : "", given.whole(1, -1)));
}

Value splitlines(Interpreter& in, const Value& self, const Given& given) {
  return list_of(in, self, split_lines(self.text(), given.truth(in, 0, false)));
}

/// self[start:end], where the method was given them as its second and third argument.
Value part_of(Interpreter& in, const Value& self, const Given& given) {
  if (!given.says(1) && !given.says(2)) return self;
  return slice_of(in, self, given.value_or(1, Value()), given.value_or(2, Value()), Value());
}

template <bool at_start>
Value starts_or_ends(Interpreter& in, const Value& self, const Given& given) {
  Value part = part_of(in, self, given);
  auto fits = [&part](const Value& end) {
    if (!end.is_string()) fault("startswith first arg must be str or a tuple of str, not " + type_name(end));
    return at_start ? part.text().starts_with(end.text()) : part.text().ends_with(end.text());
  };
  if (!given[0].is(Kind::kTuple)) return Value::boolean(fits(given[0]));
  bool any = false;
  for (const Value& end : given[0].items()) any = any || fits(end);
  return Value::boolean(any);
}

/// Where the first argument stands, in characters; -1 where nowhere.
template <bool last>
int64_t place(Interpreter& in, const Value& self, const Given& given) {
  Value part = part_of(in, self, given);
  size_t found = last ? find_last_text(part.text(), given.text(0)) : find_text(part.text(), given.text(0));
  if (found == kNowhere) return -1;
  int64_t before = 0;
  if (given.says(1)) {
    int64_t length = *length_of(in, self), from = given.whole(1, 0);
    before = std::clamp(from < 0 ? from + length : from, int64_t{0}, length);
  }
  return before + static_cast<int64_t>(character_count(part.text().substr(0, found)));
}

template <bool last>
Value find(Interpreter& in, const Value& self, const Given& given) {
  return Value::integer(place<last>(in, self, given));
}

template <bool last>
Value index_of_text(Interpreter& in, const Value& self, const Given& given) {
  int64_t at = place<last>(in, self, given);
  if (at < 0) fault("substring not found");
  return Value::integer(at);
}

Value count_part(Interpreter& in, const Value& self, const Given& given) {
  Value part = part_of(in, self, given);
  const std::string& wanted = given.text(0);
  if (wanted.empty()) return Value::integer(*length_of(in, part) + 1);
  int64_t n = 0;
  for (size_t at = find_text(part.text(), wanted); at != kNowhere; at = find_text(part.text(), wanted, at + wanted.size())) ++n;
  return Value::integer(n);
}

Value replace_part(Interpreter& in, const Value& self, const Given& given) {
  std::string by = self.safe() && !given[1].safe() ? escape_html(given.text(1)) : given.text(1);
  std::string out = replace_text(self.text(), given.text(0), by, given.whole(2, -1), kMostOutput);
  in.budget().bytes(out.size());
  return like(self, out);
}

Value join_text(Interpreter& in, const Value& self, const Given& given) {
  std::string out;
  size_t i = 0;
  for (const Value& item : iterate(in, given[0])) {
    if (!item.is_string()) fault("sequence item " + std::to_string(i) + ": expected str instance, " + type_name(item) + " found");
    if (i++ > 0) out += self.text();
    out += self.safe() && !item.safe() ? escape_html(item.text()) : item.text();
    in.budget().bytes(self.text().size() + item.text().size());
    if (out.size() > kMostOutput) fault("a text is longer than 4 MiB");
  }
  return like(self, out);
}

Value remove_prefix(Interpreter&, const Value& self, const Given& given) {
  std::string_view text = self.text();
  if (text.starts_with(given.text(0))) text.remove_prefix(given.text(0).size());
  return like(self, text);
}

Value remove_suffix(Interpreter&, const Value& self, const Given& given) {
  std::string_view text = self.text();
  if (text.ends_with(given.text(0))) text.remove_suffix(given.text(0).size());
  return like(self, text);
}

template <bool last>
Value partition(Interpreter&, const Value& self, const Given& given) {
  const std::string &text = self.text(), &part = given.text(0);
  if (part.empty()) fault("empty separator");
  size_t at = last ? find_last_text(text, part) : find_text(text, part);
  if (at == kNowhere)
    return last ? Value::tuple({like(self, ""), like(self, ""), self}) : Value::tuple({self, like(self, ""), like(self, "")});
  return Value::tuple({like(self, text.substr(0, at)), like(self, part), like(self, text.substr(at + part.size()))});
}

template <char align>
Value pad(Interpreter& in, const Value& self, const Given& given) {
  std::string fill = given.has(1) ? given.text(1) : " ";
  if (character_count(fill) != 1) fault("The fill character must be exactly one character long");
  return like(self, padded(in, self.text(), given.whole(0, 0), fill, align));
}

Value zero_fill(Interpreter& in, const Value& self, const Given& given) {
  std::string_view text = self.text();
  bool sign = text.starts_with('-') || text.starts_with('+');
  std::string digits = padded(in, text.substr(sign), given.whole(0, 0) - sign, "0", '>');
  return like(self, std::string(text.substr(0, sign)) + digits);
}

Value format_text(Interpreter& in, const Value& self, const Given& given) {
  return like(self, format_braces(in, self.text(), given.all()));
}

constexpr MethodRow kTextMethods[] = {
    {"capitalize", "", changed_text<capital_text>},
    {"casefold", "", changed_text<lower_text>},
    {"center", "width fillchar?", pad<'^'>},
    {"count", "sub start? end?", count_part},
    {"endswith", "suffix start? end?", starts_or_ends<false>},
    {"find", "sub start? end?", find<false>},
    {"format", "*", format_text},
    {"index", "sub start? end?", index_of_text<false>},
    {"isalnum", "", is_class<TextClass::kAlnum>},
    {"isalpha", "", is_class<TextClass::kAlpha>},
    {"isascii", "", is_text<is_ascii>},
    {"isdecimal", "", is_class<TextClass::kDigit>},
    {"isdigit", "", is_class<TextClass::kDigit>},
    {"islower", "", is_text<is_lower_text>},
    {"isnumeric", "", is_class<TextClass::kDigit>},
    {"isspace", "", is_class<TextClass::kSpace>},
    {"isupper", "", is_text<is_upper_text>},
    {"join", "iterable", join_text},
    {"ljust", "width fillchar?", pad<'<'>},
    {"lower", "", changed_text<lower_text>},
    {"lstrip", "chars?", strip<true, false>},
    {"partition", "sep", partition<false>},
    {"removeprefix", "prefix", remove_prefix},
    {"removesuffix", "suffix", remove_suffix},
    {"replace", "old new count?", replace_part},
    {"rfind", "sub start? end?", find<true>},
    {"rindex", "sub start? end?", index_of_text<true>},
    {"rjust", "width fillchar?", pad<'>'>},
    {"rpartition", "sep", partition<true>},
    {"rsplit", "sep? maxsplit?", split<split_text_right>},
    {"rstrip", "chars?", strip<false, true>},
    {"split", "sep? maxsplit?", split<split_text>},
    {"splitlines", "keepends?", splitlines},
    {"startswith", "prefix start? end?", starts_or_ends<true>},
    {"strip", "chars?", strip<true, true>},
    {"swapcase", "", changed_text<swap_case>},
    {"title", "", changed_text<title_text>},
    {"upper", "", changed_text<upper_text>},
    {"zfill", "width", zero_fill},
};

}  // namespace

std::span<const MethodRow> text_methods() { return kTextMethods; }

Value like(const Value& self, std::string_view text) { return Value::string(std::string(text), self.safe()); }

Value list_of(Interpreter& interpreter, const Value& self, const std::vector<std::string_view>& parts) {
  interpreter.budget().objects(parts.size());
  Values out;
  for (std::string_view part : parts) out.push_back(like(self, part));
  return Value::list(std::move(out));
}

std::string padded(Interpreter& interpreter, std::string_view text, int64_t width, std::string_view fill, char align) {
  int64_t length = static_cast<int64_t>(character_count(text)), lacks = width - length;
  if (lacks <= 0) return std::string(text);
  if (width > static_cast<int64_t>(kMostOutput)) fault("a text is longer than 4 MiB");
  interpreter.budget().bytes(static_cast<size_t>(lacks) * fill.size());
  int64_t left = align == '<' ? 0 : align == '>' ? lacks : lacks / 2 + (lacks & width & 1);  // str.center's rounding
  std::string out;
  for (int64_t i = 0; i < left; ++i) out += fill;
  out += text;
  for (int64_t i = left; i < lacks; ++i) out += fill;
  return out;
}

}  // namespace athanor::text::templates

// What Oniguruma (Ruby syntax, Unicode 16) and PCRE2 10.42 (UTF, UCP, Unicode 14) read differently, and what is done about it:
//   \s \S      PCRE2 counts U+180E in: written out                       \h \H    hexadecimal digit: written out
//   \w \W      PCRE2 knows letters, digits, _ only: written out          \b \B    by way of the same class, as lookarounds
//   \p{Han}    PCRE2 looks at Script_Extensions: \p{sc:Han}              \p{^L}   the same in both
//   {n,m}+     a repeated group in Ruby, possessive in PCRE2: refused    [a[b]] [a&&b]  sets inside sets: refused
//   (?m)       dot matches a newline: (?s)                               [[:x:]]  other members: refused
//   \p{L} \d   PCRE2 lacks what Unicode 15 and 16 brought: written out   [\P{L}]   the same, but that it has them
// Case folding agrees one character to one; that "ss" is a folded "ß" only Oniguruma knows.

#include "athanor/core/text/tokenizers/regex_translate.h"

#include <array>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::text {

namespace {

constexpr std::string_view kSpaces = R"(\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kWords =
    R"(\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}\xb2\xb3\xb9\xbc-\xbe\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";
constexpr std::string_view kHexDigits = "0-9a-fA-F";
// Scripts that tokenizers name; general categories and the rest have the same meaning in both.
constexpr std::array<std::string_view, 24> kScripts = {"Han",      "Hiragana", "Katakana", "Hangul",    "Latin",      "Greek",
                                                       "Cyrillic", "Arabic",   "Hebrew",   "Thai",      "Devanagari", "Bengali",
                                                       "Tamil",    "Telugu",   "Georgian", "Armenian",  "Khmer",      "Lao",
                                                       "Myanmar",  "Tibetan",  "Ethiopic", "Mongolian", "Bopomofo",   "Gujarati"};

struct NewerMembers {
  std::string_view property, members;
};
constexpr NewerMembers kNewerMembers[] = {
#include "athanor/core/text/tokenizers/newer_members.inc"
};

/// What the property has in Unicode 16 and not in 14, as members of a character class. "w": \w.
std::string_view newer_members(std::string_view property) {
  for (const NewerMembers& row : kNewerMembers)
    if (row.property == property) return row.members;
  return {};
}

std::string words() { return base::cat(kWords, newer_members("w")); }

class Translation {
 public:
  Translation(std::string_view in, std::string_view place) : in_(in), place_(place) {}

  std::string run() {
    while (i_ < in_.size()) {
      char c = in_[i_];
      if (c == '\\') {
        escape(false);
      } else if (c == '[') {
        character_class();
      } else if (c == '(' && in_.substr(i_, 2) == "(?") {
        group();
      } else if (c == '{') {
        interval();
      } else {
        out_ += c, ++i_;
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::string_view what) {
    base::file_error("text.regex", {base::cat(place_, ": ", what), base::cat("\"", in_.substr(0, 120), "\" at byte ", i_)});
  }

  void set(std::string_view members, bool negated, bool inside) {
    if (!inside) return void(out_ += base::cat(negated ? "[^" : "[", members, "]"));
    if (negated) refuse("\\S, \\W or \\H inside a character class is not supported");
    out_ += members;
  }

  void border(bool negated) {
    std::string w = base::cat("[", words(), "]");
    out_ += negated ? base::cat("(?:(?<=", w, ")(?=", w, ")|(?<!", w, ")(?!", w, "))")
                    : base::cat("(?:(?<=", w, ")(?!", w, ")|(?<!", w, ")(?=", w, "))");
  }

  /// A property by its PCRE2 name, and what it has in Unicode 16 alone.
  void property(std::string_view name, std::string_view newer, bool negated, bool inside) {
    if (newer.empty() || (inside && negated))
      out_ += base::cat(negated ? "\\P{" : "\\p{", name, "}");
    else
      set(base::cat("\\p{", name, "}", newer), negated, inside);
  }

  void named_property(bool inside) {
    size_t close = in_.find('}', i_);
    if (close == std::string_view::npos) refuse("\\p{ without }");
    std::string_view name = in_.substr(i_ + 3, close - i_ - 3);
    const bool other = !name.empty() && name[0] == '^', negated = other != (in_[i_ + 1] == 'P');
    std::string_view plain = name.substr(other);
    bool script = false;
    for (std::string_view known : kScripts) script = script || known == plain;
    property(base::cat(script ? "sc:" : "", plain), newer_members(plain), negated, inside);
    i_ = close + 1;
  }

  void escape(bool inside) {
    if (i_ + 1 >= in_.size()) refuse("ends with a backslash");
    char c = in_[i_ + 1];
    if ((c == 'p' || c == 'P') && in_.substr(i_ + 2, 1) == "{") return named_property(inside);
    if (std::string_view("sS").find(c) != std::string_view::npos) {
      set(kSpaces, c == 'S', inside);
    } else if (std::string_view("wW").find(c) != std::string_view::npos) {
      set(words(), c == 'W', inside);
    } else if (std::string_view("dD").find(c) != std::string_view::npos) {
      property("Nd", newer_members("Nd"), c == 'D', inside);
    } else if (std::string_view("hH").find(c) != std::string_view::npos) {
      set(kHexDigits, c == 'H', inside);
    } else if (!inside && (c == 'b' || c == 'B')) {
      border(c == 'B');
    } else if (std::string_view("CcEGgKklLMNoOQuUvVXyYZ").find(c) != std::string_view::npos && !(c == 'K' && !inside)) {
      refuse(base::cat("\\", c, " is not supported"));
    } else {
      out_ += in_.substr(i_, 2);
    }
    i_ += 2;
  }

  void character_class() {
    out_ += in_[i_++];
    if (in_.substr(i_, 1) == "^") out_ += in_[i_++];
    if (in_.substr(i_, 1) == "]") out_ += in_[i_++];
    while (i_ < in_.size() && in_[i_] != ']') {
      if (in_[i_] == '[') refuse("a set inside a character class is not supported; write \\[ for the sign");
      if (in_.substr(i_, 2) == "&&") refuse("&& inside a character class is not supported");
      if (in_[i_] == '\\') {
        escape(true);
      } else {
        out_ += in_[i_++];
      }
    }
    if (i_ >= in_.size()) refuse("a character class without ]");
    out_ += in_[i_++];
  }

  /// `(?` and what stands before the colon or the closing bracket; m means what s means to PCRE2.
  void group() {
    out_ += "(?";
    i_ += 2;
    while (i_ < in_.size() && std::string_view("imx-").find(in_[i_]) != std::string_view::npos) {
      out_ += in_[i_] == 'm' ? 's' : in_[i_];
      ++i_;
    }
    if (in_.substr(i_, 1) == "~") refuse("(?~...) is not supported");
  }

  void interval() {
    size_t close = in_.find('}', i_);
    bool counts = close != std::string_view::npos && close > i_ + 1 &&
                  in_.substr(i_ + 1, close - i_ - 1).find_first_not_of("0123456789,") == std::string_view::npos;
    if (!counts) return void((out_ += "\\{", ++i_));
    if (in_.substr(i_, 2) == "{,") refuse("{,n} is not supported; write {0,n}");
    if (in_.substr(close + 1, 1) == "+") refuse("{n,m}+ is a repeated group to one engine and possessive to the other");
    out_ += in_.substr(i_, close + 1 - i_);
    i_ = close + 1;
  }

  std::string_view in_, place_;
  std::string out_;
  size_t i_ = 0;
};

}  // namespace

std::string translate_regex(std::string_view regex, std::string_view place) { return Translation(regex, place).run(); }

}  // namespace athanor::text

#include "athanor/core/text/templates/python_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>

#include "athanor/core/text/templates/budget.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text::templates {
namespace {

template <typename Each>
void for_characters(std::string_view text, Each&& each) {
  for (size_t at = 0; at < text.size();) {
    Char c = char_at(text.data() + at);
    each(c.code, text.substr(at, c.length));
    at += c.length;
  }
}

bool is_alpha(uint32_t code) {
  auto category = utf8proc_category(static_cast<int32_t>(code));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_digit(uint32_t code) {
  bool raised = code == 0xb2 || code == 0xb3 || code == 0xb9 || code == 0x2070 || (code >= 0x2074 && code <= 0x2079);
  bool lowered = code >= 0x2080 && code <= 0x2089;
  return raised || lowered || utf8proc_category(static_cast<int32_t>(code)) == UTF8PROC_CATEGORY_ND;
}

bool is_upper(uint32_t code) { return utf8proc_category(static_cast<int32_t>(code)) == UTF8PROC_CATEGORY_LU; }
bool is_lower(uint32_t code) { return utf8proc_category(static_cast<int32_t>(code)) == UTF8PROC_CATEGORY_LL; }
bool is_cased(uint32_t code) {
  return is_upper(code) || is_lower(code) || utf8proc_category(static_cast<int32_t>(code)) == UTF8PROC_CATEGORY_LT;
}

void append_upper(std::string& out, uint32_t code) {
  if (code == 0xdf)
    out += "SS";
  else
    append_utf8(out, static_cast<uint32_t>(utf8proc_toupper(static_cast<int32_t>(code))));
}
void append_title(std::string& out, uint32_t code) {
  if (code == 0xdf)
    out += "Ss";
  else
    append_utf8(out, static_cast<uint32_t>(utf8proc_totitle(static_cast<int32_t>(code))));
}
void append_lower(std::string& out, uint32_t code) {
  append_utf8(out, static_cast<uint32_t>(utf8proc_tolower(static_cast<int32_t>(code))));
}

bool is_line_end(uint32_t code) {
  return (code >= 0x0a && code <= 0x0d) || (code >= 0x1c && code <= 0x1e) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

/// Whether the character is among those to strip; `characters` null: white space.
bool strips(Char c, std::string_view own, const std::string_view* characters) {
  return characters ? characters->find(own) != std::string_view::npos : is_space(c.code);
}

std::vector<std::string_view> split_words(std::string_view text, int64_t limit) {
  std::vector<std::string_view> parts;
  for (text = strip_left(text); !text.empty(); text = strip_left(text)) {
    if (limit >= 0 && static_cast<int64_t>(parts.size()) == limit) {
      parts.push_back(text);
      break;
    }
    size_t end = 0;
    while (end < text.size() && !is_space(char_at(text.data() + end).code)) end += character_length(text, end);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

std::vector<std::string_view> split_words_right(std::string_view text, int64_t limit) {
  std::vector<std::string_view> parts;
  for (text = strip_right(text); !text.empty(); text = strip_right(text)) {
    if (limit >= 0 && static_cast<int64_t>(parts.size()) == limit) {
      parts.push_back(text);
      break;
    }
    size_t begin = text.size();
    while (begin > 0) {
      size_t last = last_char(text.substr(0, begin));
      if (is_space(char_at(text.data() + last).code)) break;
      begin = last;
    }
    parts.push_back(text.substr(begin));
    text = text.substr(0, begin);
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace

size_t character_length(std::string_view text, size_t at) { return char_at(text.data() + at).length; }

size_t character_count(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::vector<size_t> character_starts(std::string_view text) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < text.size(); ++i)
    if ((text[i] & 0xc0) != 0x80) starts.push_back(i);
  return starts;
}

size_t offset_of(std::string_view text, size_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += character_length(text, at);
  return at;
}

std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> out;
  for_characters(text, [&out](uint32_t, std::string_view own) { out.push_back(own); });
  return out;
}

size_t find_text(std::string_view text, std::string_view part, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (part.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return found ? static_cast<size_t>(static_cast<const char*>(found) - text.data()) : std::string_view::npos;
}

size_t find_last_text(std::string_view text, std::string_view part) {
  if (part.empty()) return text.size();
  // The mirror image of find_text: linear for every pair of texts.
  std::string mirrored(text.rbegin(), text.rend()), part_mirrored(part.rbegin(), part.rend());
  size_t found = find_text(mirrored, part_mirrored);
  return found == std::string_view::npos ? found : text.size() - found - part.size();
}

bool is_space(uint32_t code) {
  return (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x20) || code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
         code == 0x3000;
}

std::string_view strip_left(std::string_view text, const std::string_view* characters) {
  while (!text.empty()) {
    Char c = char_at(text.data());
    if (!strips(c, text.substr(0, c.length), characters)) break;
    text.remove_prefix(c.length);
  }
  return text;
}

std::string_view strip_right(std::string_view text, const std::string_view* characters) {
  while (!text.empty()) {
    size_t last = last_char(text);
    if (!strips(char_at(text.data() + last), text.substr(last), characters)) break;
    text = text.substr(0, last);
  }
  return text;
}

std::string upper_text(std::string_view text) {
  std::string out;
  for_characters(text, [&out](uint32_t code, std::string_view) { append_upper(out, code); });
  return out;
}

std::string lower_text(std::string_view text) {
  std::string out;
  for_characters(text, [&out](uint32_t code, std::string_view) { append_lower(out, code); });
  return out;
}

std::string capital_text(std::string_view text) {
  std::string out;
  for_characters(text, [&out, first = true](uint32_t code, std::string_view) mutable {
    first ? append_title(out, code) : append_lower(out, code);
    first = false;
  });
  return out;
}

std::string title_text(std::string_view text) {
  std::string out;
  for_characters(text, [&out, inside = false](uint32_t code, std::string_view) mutable {
    inside ? append_lower(out, code) : append_title(out, code);
    inside = is_cased(code);
  });
  return out;
}

std::string swap_case(std::string_view text) {
  std::string out;
  for_characters(text,
                 [&out](uint32_t code, std::string_view) { is_upper(code) ? append_lower(out, code) : append_upper(out, code); });
  return out;
}

bool all_of_class(std::string_view text, TextClass wanted) {
  bool all = !text.empty();
  for_characters(text, [&](uint32_t code, std::string_view) {
    bool alpha = (wanted == TextClass::kAlpha || wanted == TextClass::kAlnum) && is_alpha(code);
    bool digit = (wanted == TextClass::kDigit || wanted == TextClass::kAlnum) && is_digit(code);
    all &= alpha || digit || (wanted == TextClass::kSpace && is_space(code));
  });
  return all;
}

bool is_upper_text(std::string_view text) {
  bool any = false, other = false;
  for_characters(text, [&](uint32_t code, std::string_view) { (is_upper(code) ? any : other) |= is_cased(code); });
  return any && !other;
}

bool is_lower_text(std::string_view text) {
  bool any = false, other = false;
  for_characters(text, [&](uint32_t code, std::string_view) { (is_lower(code) ? any : other) |= is_cased(code); });
  return any && !other;
}

bool is_printable(uint32_t code) {
  if (code == ' ') return true;
  auto category = utf8proc_category(static_cast<int32_t>(code));
  bool blank = category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP;
  return !blank && category < UTF8PROC_CATEGORY_ZS && category != UTF8PROC_CATEGORY_CN;
}

std::vector<std::string_view> split_text(std::string_view text, std::string_view separator, int64_t limit) {
  if (separator.empty()) return split_words(text, limit);
  std::vector<std::string_view> parts;
  size_t begin = 0;
  while (limit < 0 || static_cast<int64_t>(parts.size()) < limit) {
    size_t found = find_text(text, separator, begin);
    if (found == std::string_view::npos) break;
    parts.push_back(text.substr(begin, found - begin));
    begin = found + separator.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<std::string_view> split_text_right(std::string_view text, std::string_view separator, int64_t limit) {
  if (separator.empty()) return split_words_right(text, limit);
  // Found in the mirror image, so that overlapping separators are taken from the right, in linear time.
  std::string mirrored(text.rbegin(), text.rend()), part(separator.rbegin(), separator.rend());
  std::vector<std::string_view> parts;
  size_t end = text.size();
  for (std::string_view piece : split_text(mirrored, part, limit)) {
    parts.push_back(text.substr(end - piece.size(), piece.size()));
    end -= std::min(end, piece.size() + separator.size());
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    Char c = char_at(text.data() + at);
    size_t next = at + c.length;
    if (c.code == '\r' && next < text.size() && text[next] == '\n') ++next;
    if (is_line_end(c.code)) {
      lines.push_back(text.substr(begin, (keep_ends ? next : at) - begin));
      begin = next;
    }
    at = next;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

std::string replace_text(std::string_view text, std::string_view part, std::string_view by, int64_t limit, size_t longest) {
  std::string out;
  auto add = [&out, longest](std::string_view piece) {
    if (out.size() + piece.size() > longest) fault("a text is longer than 4 MiB");
    out += piece;
  };
  size_t begin = 0;
  for (int64_t done = 0; limit < 0 || done < limit; ++done) {
    size_t found = find_text(text, part, part.empty() && done > 0 ? begin + 1 : begin);
    if (part.empty() && done > 0 && begin < text.size()) found = begin + character_length(text, begin);
    if (found == std::string_view::npos || found > text.size()) break;
    add(text.substr(begin, found - begin));
    add(by);
    begin = found + part.size();
    if (part.empty() && begin == text.size()) break;
  }
  add(text.substr(std::min(begin, text.size())));
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '\'')
      out += "&#39;";
    else if (c == '"')
      out += "&#34;";
    else
      out += c;
  }
  return out;
}

}  // namespace athanor::text::templates

#define PCRE2_CODE_UNIT_WIDTH 8
#include "athanor/core/text/tokenizers/regex.h"

#include <pcre2.h>

#include <chrono>

#include "athanor/core/base/budget.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/regex_translate.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

constexpr uint32_t kMatchLimit = 1'000'000, kHeapLimitKib = 64 * 1024;
// The match limit counts from each place where a match may begin; so that trying place after place has an end too, they are tried
// in portions with a look at the clock between them.
constexpr size_t kPortion = 1024;

std::chrono::milliseconds time_for(std::string_view text) { return std::chrono::milliseconds(5000 + text.size() / 1000); }

std::string message_of(int code) {
  PCRE2_UCHAR buffer[160];
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

struct Freer {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_compile_context* p) const { pcre2_compile_context_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_jit_stack* p) const { pcre2_jit_stack_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Freer>;

}  // namespace

struct Regex::Code {
  Owned<pcre2_code> code;
};

Regex::Regex(std::string_view regex, std::string_view place) : code_(std::make_unique<Code>()) {
  std::string translated = translate_regex(regex, place);
  Owned<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  // MULTILINE: ^ and $ are line borders in Ruby's syntax
  code_->code.reset(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_USE_OFFSET_LIMIT | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C,
                    &error, &offset, context.get()));
  if (!code_->code)
    base::file_error("text.regex", {base::cat(place, ": the regular expression cannot be compiled"), base::cat(message_of(error))});
  pcre2_jit_compile(code_->code.get(), PCRE2_JIT_COMPLETE);  // where it fails, matching is slower and the same
}

Regex::Regex(Regex&&) noexcept = default;
Regex::~Regex() = default;

void Regex::parts(std::string_view text, const std::function<void(size_t, size_t, bool)>& part) const {
  const pcre2_code* code = code_->code.get();
  Owned<pcre2_match_context> context(pcre2_match_context_create(nullptr));
  Owned<pcre2_jit_stack> stack(pcre2_jit_stack_create(32 * 1024, 1024 * 1024, nullptr));
  Owned<pcre2_match_data> match(pcre2_match_data_create_from_pattern(code, nullptr));
  pcre2_set_match_limit(context.get(), kMatchLimit);
  pcre2_set_heap_limit(context.get(), kHeapLimitKib);
  pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  size_t done = 0, from = 0;
  bool matched = false;
  base::Deadline deadline(time_for(text), "text.regex");
  while (from <= text.size()) {
    pcre2_set_offset_limit(context.get(), from + kPortion);
    int rc = pcre2_match(code, subject, text.size(), from, PCRE2_NO_UTF_CHECK, match.get(), context.get());
    if (rc == PCRE2_ERROR_NOMATCH) {
      for (from += kPortion + 1; from < text.size() && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80;) ++from;
      deadline.check();
      continue;
    }
    if (rc < 0) base::input_error("text.regex", {"the text cannot be split by the tokenizer's regular expression", message_of(rc)});
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(match.get());
    size_t begin = ends[0], end = ends[1];
    if (begin == end && matched && end == done) {  // no empty match right after a match
      from = end < text.size() ? end + char_at(text.data() + end).length : end + 1;
      continue;
    }
    if (begin < done || end < begin)
      base::input_error("text.regex", {"a match begins before the one before it ends (\\K in a lookaround)"});
    if (begin > done) part(done, begin, false);
    part(begin, end, true);
    done = from = end;
    matched = true;
  }
  if (done < text.size()) part(done, text.size(), false);
}

std::string escape_regex(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$#&-~/ ").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace athanor::text

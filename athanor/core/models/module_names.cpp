#define PCRE2_CODE_UNIT_WIDTH 8
#include "athanor/core/models/module_names.h"

#include <pcre2.h>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::models {
namespace {

constexpr const char* kModuleNamesWhere = "models.names";
constexpr uint32_t kMatchLimit = 100'000, kHeapLimitKib = 1024;
constexpr size_t kLongest = 2'000;

struct Freer {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
};

PCRE2_SPTR bytes(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

bool ends_as(const std::string& name, const std::string& module) { return module == name || module.ends_with("." + name); }

}  // namespace

struct NameExpression::Code {
  std::unique_ptr<pcre2_code, Freer> code;
};

NameExpression::NameExpression(std::string_view expression) : code_(std::make_unique<Code>()), text_(expression) {
  if (text_.size() > kLongest)
    base::input_error(kModuleNamesWhere,
                      {"an expression is too long", base::cat(text_.size()), base::cat("at most ", kLongest, " letters")});
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_->code.reset(pcre2_compile(bytes(text_), text_.size(), PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C, &error,
                                  &offset, nullptr));
  if (code_->code) return;
  PCRE2_UCHAR message[160];
  pcre2_get_error_message(error, message, sizeof message);
  base::input_error(kModuleNamesWhere, {"an expression of names cannot be read", text_,
                                        base::cat(reinterpret_cast<const char*>(message), " at letter ", offset)});
}

NameExpression::NameExpression(NameExpression&&) noexcept = default;
NameExpression::~NameExpression() = default;

bool NameExpression::matches(std::string_view name) const {
  const std::unique_ptr<pcre2_match_context, Freer> context(pcre2_match_context_create(nullptr));
  const std::unique_ptr<pcre2_match_data, Freer> match(pcre2_match_data_create_from_pattern(code_->code.get(), nullptr));
  pcre2_set_match_limit(context.get(), kMatchLimit);
  pcre2_set_heap_limit(context.get(), kHeapLimitKib);
  const int rc = pcre2_match(code_->code.get(), bytes(name), name.size(), 0, 0, match.get(), context.get());
  if (rc != PCRE2_ERROR_NOMATCH && rc < 0)
    base::input_error(kModuleNamesWhere,
                      {"an expression of names takes too long", text_, "", "write it simpler, or list the names"});
  return rc >= 0;
}

bool is_expression(std::string_view text) { return text.find_first_of("\\^$*+?()[]{}|") != text.npos; }

bool names_module(const std::string& target, const std::string& module) {
  return is_expression(target) ? NameExpression(target).matches(module) : ends_as(target, module);
}

bool key_names_module(const std::string& key, const std::string& module) {
  return is_expression(key) ? NameExpression(base::cat("(?:.*\\.)?(?:", key, ")")).matches(module) : ends_as(key, module);
}

}  // namespace athanor::models

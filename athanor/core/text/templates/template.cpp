#include "athanor/core/text/templates/template.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/utf8.h"
#include "athanor/core/text/templates/json_text.h"
#include "athanor/core/text/templates/lexer.h"
#include "athanor/core/text/templates/parser.h"

namespace athanor::text::templates {
namespace {

constexpr const char* kTemplateWhere = "text.template";
constexpr size_t kMostSource = size_t{1} << 20;

}  // namespace

Template::Template(std::string_view source, std::string name) : name_(std::move(name)) {
  if (source.size() > kMostSource)
    base::file_error(kTemplateWhere, {name_ + " is too long", base::cat(source.size(), " bytes"), "at most 1 MiB"});
  if (size_t bad = base::invalid_utf8(source); bad != std::string_view::npos)
    base::file_error(kTemplateWhere, {base::cat(name_, " is not UTF-8 at byte ", bad)});
  try {
    code_ = std::make_shared<const Block>(parse(source));
  } catch (const SyntaxFault& syntax) {
    base::file_error(kTemplateWhere, {base::cat(name_, " line ", syntax.line, ": ", syntax.what)});
  }
}

Rendered Template::render(const std::vector<std::pair<std::string, base::Json>>& variables, const RenderOptions& options) const {
  Interpreter interpreter(options.steps, options.now);
  try {
    for (const auto& [name, json] : variables) interpreter.globals().set(name, from_json(json));
    interpreter.run(*code_);
  } catch (const Fault& raised) {
    base::input_error(kTemplateWhere, {base::cat(name_, " line ", interpreter.line, ": ", raised.what)});
  }
  return {std::move(interpreter.written()), std::move(interpreter.generations())};
}

}  // namespace athanor::text::templates

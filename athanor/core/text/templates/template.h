#pragma once
// A parsed template, ready to be rendered again and again, by several threads at once.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/text/templates/interpreter.h"

namespace athanor::text::templates {

struct RenderOptions {
  std::optional<int64_t> now = std::nullopt;  // seconds since 1970 that strftime_now shows; absent: the clock's
  uint64_t steps = 1'000'000;                 // of work
};

struct Rendered {
  std::string text;
  std::vector<Span> generations;  // bytes between {% generation %} and {% endgeneration %}, in order
};

class Template {
 public:
  /// `name` is how errors call it ("chat_template.jinja"). file_error with the line on bad syntax.
  Template(std::string_view source, std::string name);

  /// `variables`: names the template can read. input_error with the line where the template raises an exception, does what it must
  /// not, or needs more steps, output or depth than is allowed.
  Rendered render(const std::vector<std::pair<std::string, base::Json>>& variables, const RenderOptions& options = {}) const;

 private:
  std::string name_;
  std::shared_ptr<const Block> code_;
};

}  // namespace athanor::text::templates

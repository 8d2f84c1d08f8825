#include "athanor/core/text/templates/arguments.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/compare.h"

namespace athanor::text::templates {
namespace {

struct ArgumentName {
  std::string_view name;
  bool must_be_given;
};

std::vector<ArgumentName> parameters_of(std::string_view names) {
  std::vector<ArgumentName> out;
  while (!names.empty()) {
    std::string_view name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    bool optional = name.ends_with('?');
    out.push_back({name.substr(0, name.size() - optional), !optional});
  }
  return out;
}

}  // namespace

std::optional<Value> Arguments::take(std::string_view name) {
  auto found = std::find_if(keyword.begin(), keyword.end(), [name](const auto& pair) { return pair.first == name; });
  if (found == keyword.end()) return std::nullopt;
  Value value = std::move(found->second);
  keyword.erase(found);
  return value;
}

Given::Given(std::string_view callee, std::string_view names, Arguments& arguments) : arguments_(arguments) {
  if (names == "*") return;
  std::vector<ArgumentName> parameters = parameters_of(names);
  if (arguments.positional.size() > parameters.size())
    fault(base::cat(callee, "() takes at most ", parameters.size(), " arguments (", arguments.positional.size(), " given)"));
  slots_.resize(parameters.size());
  for (size_t i = 0; i < arguments.positional.size(); ++i) slots_[i] = arguments.positional[i];
  for (auto& [name, value] : arguments.keyword) {
    auto found =
        std::find_if(parameters.begin(), parameters.end(), [&name = name](const ArgumentName& p) { return p.name == name; });
    if (found == parameters.end()) fault(base::cat(callee, "() got an unexpected keyword argument '", name, "'"));
    auto& slot = slots_[static_cast<size_t>(found - parameters.begin())];
    if (slot) fault(base::cat(callee, "() got multiple values for argument '", name, "'"));
    slot = value;
  }
  for (size_t i = 0; i < parameters.size(); ++i)
    if (parameters[i].must_be_given && !slots_[i]) fault(base::cat(callee, "() misses the argument '", parameters[i].name, "'"));
}

int64_t Given::whole(size_t i, int64_t otherwise) const {
  if (!says(i)) return otherwise;
  if (!slots_[i]->is_whole()) fault("'" + type_name(*slots_[i]) + "' object cannot be interpreted as an integer");
  return slots_[i]->whole();
}

bool Given::truth(Interpreter& interpreter, size_t i, bool otherwise) const {
  return has(i) ? templates::truth(interpreter, *slots_[i]) : otherwise;
}

const std::string& Given::text(size_t i) const {
  if (slots_[i]->is_undefined()) fault(slots_[i]->text());
  if (!slots_[i]->is_string()) fault("must be str, not " + type_name(*slots_[i]));
  return slots_[i]->text();
}

}  // namespace athanor::text::templates

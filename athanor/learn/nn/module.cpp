#include "athanor/learn/nn/module.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"

namespace athanor::nn {
namespace {

std::string joined(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

/// "a.b.c" -> {"a.b", "c"}; "c" -> {"", "c"}.
std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
  size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return {"", path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

void walk_below(Module& module, const std::string& path, const std::function<void(const std::string&, Module&)>& visit) {
  visit(path, module);
  for (const auto& [name, child] : module.children()) walk_below(*child, joined(path, name), visit);
}

}  // namespace

at::Tensor& Module::parameter(std::string_view name) {
  for (auto& [own, tensor] : parameters_)
    if (own == name) return tensor;
  base::bug("nn.module", {"no such parameter", std::string(name)});
}

bool Module::has_parameter(std::string_view name) const {
  return std::any_of(parameters_.begin(), parameters_.end(), [&](const auto& own) { return own.first == name; });
}

Module* Module::child(std::string_view name) const {
  for (const auto& [own, module] : children_)
    if (own == name) return module.get();
  return nullptr;
}

Module* Module::find(std::string_view path) {
  Module* at = this;
  while (at && !path.empty()) {
    size_t dot = path.find('.');
    at = at->child(path.substr(0, dot));
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return at;
}

std::unique_ptr<Module> Module::replace(std::string_view path, std::unique_ptr<Module> replacement) {
  base::expect(replacement != nullptr, "nn.module", "replacement is null");
  auto [above, name] = split_last(path);
  if (Module* parent = find(above)) {
    for (auto& [own, module] : parent->children_)
      if (own == name) return std::exchange(module, std::move(replacement));
  }
  std::vector<std::string> known;
  walk([&](const std::string& existing, Module&) { known.push_back(existing); });
  std::string near = base::nearest_name(path, known);
  base::input_error("nn.module",
                    {"no module at this path", std::string(path), "", near.empty() ? "" : "did you mean " + near + "?"});
}

void Module::walk(const std::function<void(const std::string&, Module&)>& visit) { walk_below(*this, "", visit); }

std::vector<std::pair<std::string, at::Tensor*>> Module::named_parameters() {
  std::vector<std::pair<std::string, at::Tensor*>> all;
  walk([&](const std::string& path, Module& module) {
    for (auto& [name, tensor] : module.parameters_) all.emplace_back(joined(path, name), &tensor);
  });
  return all;
}

void Module::add_parameter(std::string name, at::Tensor value) {
  base::expect(!name.empty() && name.find('.') == std::string::npos && !has_parameter(name), "nn.module",
               "bad or repeated parameter name");
  base::expect(value.defined(), "nn.module", "a parameter must be defined");
  parameters_.emplace_back(std::move(name), std::move(value));
}

void Module::add_child(std::string name, std::unique_ptr<Module> child_module) {
  base::expect(!name.empty() && name.find('.') == std::string::npos && !child(name), "nn.module", "bad or repeated child name");
  base::expect(child_module != nullptr, "nn.module", "a child must be a module");
  children_.emplace_back(std::move(name), std::move(child_module));
}

}  // namespace athanor::nn

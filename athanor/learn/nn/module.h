#pragma once
// A tree of named modules with named parameters: what techniques walk and change. Surgery by name is Athanor's central idiom:
//   module.replace("model.layers.0.self_attn.q_proj", make_lora(...)).

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::nn {

class Module {
 public:
  virtual ~Module() = default;
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// This module's own parameters and children, in the order they were added.
  const std::vector<std::pair<std::string, at::Tensor>>& own_parameters() const { return parameters_; }
  const std::vector<std::pair<std::string, std::unique_ptr<Module>>>& children() const { return children_; }

  at::Tensor& parameter(std::string_view name);  // bug() where there is none
  bool has_parameter(std::string_view name) const;
  Module* child(std::string_view name) const;  // nullptr where there is none

  /// The module at a dotted path ("model.layers.0.mlp"); nullptr where there is none. "" is this module.
  Module* find(std::string_view path);
  /// Puts `replacement` at `path` and returns what was there; input_error with the nearest path where there is nothing.
  std::unique_ptr<Module> replace(std::string_view path, std::unique_ptr<Module> replacement);

  /// Calls visit(path, module) for this module ("" for the root) and everything below, parents first.
  void walk(const std::function<void(const std::string& path, Module& module)>& visit);
  /// Every parameter with its full name, which is its name in the files ("model.layers.0.mlp.up_proj.weight"). References stay
  /// valid until surgery.
  std::vector<std::pair<std::string, at::Tensor*>> named_parameters();

 protected:
  void add_parameter(std::string name, at::Tensor value);
  void add_child(std::string name, std::unique_ptr<Module> child);

 private:
  std::vector<std::pair<std::string, at::Tensor>> parameters_;
  std::vector<std::pair<std::string, std::unique_ptr<Module>>> children_;
};

/// A module that only holds what others put in it ("model", "model.layers").
class Group : public Module {
 public:
  using Module::add_child;
  using Module::add_parameter;
};

/// A module that maps one tensor to one tensor: linear, norm, embedding, and whatever takes their place.
class Layer : public Module {
 public:
  virtual at::Tensor forward(const at::Tensor& x) = 0;
};

}  // namespace athanor::nn

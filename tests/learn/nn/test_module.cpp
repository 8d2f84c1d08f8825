#include "athanor/learn/nn/module.h"

#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::nn {
namespace {

class Tree : public Module {
 public:
  using Module::add_child;
  using Module::add_parameter;
};

std::unique_ptr<Tree> small_tree() {
  auto attention = std::make_unique<Tree>();
  attention->add_child("q_proj", std::make_unique<Linear>(at::ones({3, 2}), at::ones({3})));
  auto root = std::make_unique<Tree>();
  root->add_parameter("scale", at::ones({1}));
  root->add_child("self_attn", std::move(attention));
  root->add_child("norm", std::make_unique<RmsNorm>(at::ones({2}), 1e-6));
  return root;
}

TEST(Module, ParametersCarryTheirPathParentsFirst) {
  auto root = small_tree();
  std::vector<std::string> names;
  for (auto& [name, tensor] : root->named_parameters()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"scale", "self_attn.q_proj.weight", "self_attn.q_proj.bias", "norm.weight"}));
  *root->named_parameters()[3].second = at::ones({2}).mul(5);
  EXPECT_EQ(root->find("norm")->parameter("weight").sum().item().toDouble(), 10);
}

TEST(Module, FindFollowsPaths) {
  auto root = small_tree();
  EXPECT_EQ(root->find(""), root.get());
  EXPECT_EQ(root->find("self_attn.q_proj"), root->child("self_attn")->child("q_proj"));
  EXPECT_EQ(root->find("self_attn.k_proj"), nullptr);
  EXPECT_EQ(root->find("nothing.q_proj"), nullptr);
  EXPECT_EQ(root->find("self_attn."), root->find("self_attn"));
}

TEST(Module, ReplaceReturnsWhatWasThere) {
  auto root = small_tree();
  Module* before = root->find("self_attn.q_proj");
  auto old = root->replace("self_attn.q_proj", std::make_unique<Linear>(at::ones({5, 2})));
  EXPECT_EQ(old.get(), before);
  EXPECT_EQ(dynamic_cast<Linear*>(root->find("self_attn.q_proj"))->out_features(), 5);
}

void expect_error_of_module(base::ErrorKind kind, const std::string& part, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), kind);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Module, ReplaceNamesTheNearestPath) {
  auto root = small_tree();
  expect_error_of_module(base::ErrorKind::kInput, "did you mean self_attn.q_proj?",
                         [&] { root->replace("self_attn.qproj", std::make_unique<Tree>()); });
  expect_error_of_module(base::ErrorKind::kInput, "no module at this path", [&] { root->replace("", std::make_unique<Tree>()); });
}

TEST(Module, ProgrammersMistakesAreBugs) {
  auto root = small_tree();
  expect_error_of_module(base::ErrorKind::kBug, "no such parameter", [&] { root->parameter("weight"); });
  expect_error_of_module(base::ErrorKind::kBug, "child name", [&] { root->add_child("norm", std::make_unique<Tree>()); });
  expect_error_of_module(base::ErrorKind::kBug, "child name", [&] { root->add_child("a.b", std::make_unique<Tree>()); });
  expect_error_of_module(base::ErrorKind::kBug, "parameter name", [&] { root->add_parameter("scale", at::ones({1})); });
  expect_error_of_module(base::ErrorKind::kBug, "no layer", [&] { layer_at(*root, "self_attn"); });
}

TEST(Linear, TransposedWeightGivesTheSame) {
  at::Tensor weight = at::ones({3, 2}).cumsum(0), bias = at::ones({3}), x = at::ones({4, 2}).cumsum(1);
  Linear plain(weight, bias), conv1d(weight.t().contiguous(), bias, true);
  EXPECT_EQ(conv1d.in_features(), 2);
  EXPECT_EQ(conv1d.out_features(), 3);
  EXPECT_TRUE(plain.forward(x).equal(conv1d.forward(x)));
  EXPECT_EQ(plain.forward(x)[0][2].item().toDouble(), 10);  // 3 * (1 + 2) + 1
  expect_error_of_module(base::ErrorKind::kBug, "one number per output", [&] { Linear(weight, at::ones({2})); });
}

}  // namespace
}  // namespace athanor::nn

#pragma once
// The goldens of the model families (tests/golden/families, made by tools/golden/families.py), which several rooms' tests share.

#include <string>
#include <vector>

namespace athanor::testing {

/// One per variant of a family; each is a model folder with ids, logits, loss, gradients and greedy tokens.
std::vector<const char*> family_goldens();
/// A variant as part of a test's name.
std::string test_name(std::string variant);

}  // namespace athanor::testing

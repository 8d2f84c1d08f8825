#pragma once
// A golden: what a reference library answered once, kept at tests/golden/<room>/<case>/ with data.safetensors or data.json (or
// both) and origin.json, which says where it is from and how near a test must come. A golden without a whole origin.json cannot be
// opened.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/checkpoint/safetensors.h"

namespace athanor::testing {

class Golden {
 public:
  /// "core/text/gpt2-merges", say. Throws std::runtime_error where origin.json is absent or lacks a field, base::Error where data
  /// is broken.
  explicit Golden(std::string_view name);

  std::filesystem::path path() const { return path_; }
  /// origin.json's "tolerance": a number, or an object with one number per `key`.
  double tolerance(std::string_view key = {}) const;
  const base::Json& origin() const { return *origin_; }

  /// Of data.safetensors. Missing names, and types that are not floating (or not integer), are errors.
  const checkpoint::ArrayView& array(std::string_view name) const { return arrays_.at(name); }
  const checkpoint::Checkpoint& arrays() const { return arrays_; }
  std::vector<float> floats(std::string_view name) const;
  std::vector<int64_t> integers(std::string_view name) const;

  /// data.json.
  const base::Json& json() const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<base::Json> origin_, json_;
  checkpoint::Checkpoint arrays_;
};

/// Largest |a - b|; infinity where the sizes differ or a value is not finite on one side only.
double largest_difference(const std::vector<float>& a, const std::vector<float>& b);
/// largest_difference divided by the largest |b|.
double relative_difference(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace athanor::testing

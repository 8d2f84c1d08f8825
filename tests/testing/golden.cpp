#include "tests/testing/golden.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "athanor/core/base/cat.h"
#include "tests/testing/data.h"

namespace athanor::testing {

namespace fs = std::filesystem;

Golden::Golden(std::string_view name) : path_(source_path("tests/golden") / name) {
  const fs::path origin = path_ / "origin.json";
  if (!fs::exists(origin)) throw std::runtime_error("a golden without " + origin.string());
  origin_ = std::make_shared<base::Json>(base::read_json_file(origin, "testing.golden"));
  for (const char* field : {"library", "version", "command", "seed", "tolerance", "why"})
    if (!origin_->contains(field)) throw std::runtime_error(base::cat(origin.string(), " lacks \"", field, "\""));
  const fs::path json = path_ / "data.json", arrays = path_ / "data.safetensors";
  if (fs::exists(json)) json_ = std::make_shared<base::Json>(base::read_json_file(json, "testing.golden"));
  if (fs::exists(arrays)) arrays_ = checkpoint::Checkpoint::open(arrays);
}

double Golden::tolerance(std::string_view key) const {
  const base::Json& tolerance = origin_->at("tolerance");
  return tolerance.is_object() ? tolerance.at(std::string(key)).get<double>() : tolerance.get<double>();
}

std::vector<float> Golden::floats(std::string_view name) const { return checkpoint::to_f32(arrays_.at(name), std::string(name)); }

namespace {

template <typename T>
std::vector<int64_t> widened(const checkpoint::ArrayView& array) {
  return {array.as<T>(), array.as<T>() + array.count()};
}

}  // namespace

std::vector<int64_t> Golden::integers(std::string_view name) const {
  const checkpoint::ArrayView& array = arrays_.at(name);
  if (array.dtype == base::DType::kI64) return widened<int64_t>(array);
  if (array.dtype == base::DType::kI32) return widened<int32_t>(array);
  if (array.dtype == base::DType::kU8 || array.dtype == base::DType::kBool) return widened<uint8_t>(array);
  throw std::runtime_error(base::cat(name, " is ", base::dtype_name(array.dtype), ", not I64, I32, U8 or BOOL"));
}

const base::Json& Golden::json() const {
  if (!json_) throw std::runtime_error("no data.json in " + path_.string());
  return *json_;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return kInfinity;
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    largest = std::isnan(difference) ? kInfinity : std::max(largest, difference);
  }
  return largest;
}

double relative_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double scale = 0;
  for (float value : b) scale = std::max(scale, std::abs(static_cast<double>(value)));
  const double difference = largest_difference(a, b);
  return difference == 0 ? 0 : difference / scale;
}

}  // namespace athanor::testing

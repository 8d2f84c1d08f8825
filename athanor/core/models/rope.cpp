// Rotary positions: plain frequencies f_i = theta^(-2i/d), i = 0 .. d/2-1 (Su et al. 2021, arXiv:2104.09864), then what the shelf
// rope_scalings/ makes of them. Checked against transformers' ROPE_INIT_FUNCTIONS (5.24): tests/golden/core_models/rope.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/models/rope_scaling.h"

namespace athanor::models {
namespace {

const RopeScaling* scaling_named(const std::string& name) {
  for (const RopeScaling& row : rope_scalings())
    if (name == row.name) return &row;
  return nullptr;
}

void read_scaling(const ConfigReader& file, const ConfigReader& reader, int64_t max_positions, RopeSpec& rope) {
  constexpr int64_t kMost = int64_t{1} << 30;
  const RopeScaling* scaling = scaling_named(rope.scaling);
  if (!scaling) {
    std::string names = "default";
    for (const RopeScaling& row : rope_scalings()) names += base::cat(", ", row.name);
    reader.refuse("rope_type", rope.scaling, "one of " + names);
  }
  const int64_t inside = reader.integer_or("original_max_position_embeddings", max_positions, 1, kMost);
  rope.original_max_positions = file.integer_or("original_max_position_embeddings", inside, 1, kMost);
  if (!scaling->needs_factor && !reader.has("factor")) {
    rope.factor = static_cast<double>(max_positions) / static_cast<double>(rope.original_max_positions);
  } else {
    if (!reader.has("factor")) reader.refuse("factor", "nothing", "a number from 1 to 1e+06");
    rope.factor = reader.number_or("factor", 1, 1, kLargestRopeFactor);
  }
  scaling->read(reader, max_positions, rope);
}

/// How many of a head's numbers turn.
int64_t read_dims(const ConfigReader& file, const ConfigReader& reader, int64_t head_dim, const RopeDefaults& defaults) {
  const double outside = file.number_or(defaults.partial_key, defaults.partial, 0, 1);
  const double part = reader.number_or("partial_rotary_factor", outside, 0, 1);
  if (part != 1 && !defaults.partial_allowed) file.refuse(defaults.partial_key, "less than 1", "1 in this family");
  const auto dims = static_cast<int64_t>(static_cast<double>(head_dim) * part);
  if (part == 1 && dims % 2 != 0) file.refuse("head_dim", base::cat(head_dim), "an even number: rotary positions turn pairs");
  if (dims < 2 || dims % 2 != 0)
    file.refuse(defaults.partial_key, base::cat(part), base::cat("a part of head_dim, ", head_dim, ", that is even and not zero"));
  return dims;
}

}  // namespace

std::vector<float> plain_frequencies(double theta, int64_t dims) {
  std::vector<float> inverse(static_cast<size_t>(dims / 2));
  for (size_t i = 0; i < inverse.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(dims);
    inverse[i] = 1.0f / static_cast<float>(std::pow(theta, static_cast<double>(exponent)));
  }
  return inverse;
}

RopeFrequencies rope_frequencies(const RopeSpec& rope, int64_t max_positions, int64_t length) {
  RopeFrequencies out{plain_frequencies(rope.theta, rope.dims)};
  if (const RopeScaling* scaling = scaling_named(rope.scaling)) scaling->scale(rope, std::max(length, int64_t{1}), out);
  (void)max_positions;
  return out;
}

bool rope_depends_on_length(const RopeSpec& rope) {
  const RopeScaling* scaling = scaling_named(rope.scaling);
  return scaling && scaling->by_length;
}

RopeSpec read_rope_of(const ConfigReader& file, const ConfigReader& reader, int64_t head_dim, int64_t max_positions,
                      const RopeDefaults& defaults) {
  for (const auto& [key, value] : reader.json().items())
    if (value.is_object()) reader.refuse(key, "an object", "one set of positions for all layers");
  RopeSpec rope;
  rope.interleaved = defaults.interleaved;
  rope.dims = read_dims(file, reader, head_dim, defaults);
  rope.theta = reader.number_or("rope_theta", file.number_or(defaults.theta_key, defaults.theta, 1e-3, 1e12), 1e-3, 1e12);
  std::string type = reader.text_or("rope_type", reader.text_or("type", "default"));
  if (type == "default") return rope;
  rope.scaling = type == "su" ? "longrope" : type;  // Phi-3's first name of it
  read_scaling(file, reader, max_positions, rope);
  return rope;
}

RopeSpec read_rope(const ConfigReader& file, int64_t head_dim, int64_t max_positions, const RopeDefaults& defaults) {
  // Where both words are present, transformers takes rope_scaling.
  ConfigReader reader = file.object_or_empty(file.has("rope_scaling") ? "rope_scaling" : "rope_parameters");
  return read_rope_of(file, reader, head_dim, max_positions, defaults);
}

std::vector<float> alibi_slopes(int64_t heads) {
  int64_t whole = 1;
  while (2 * whole <= heads) whole *= 2;
  std::vector<float> slopes;
  const double base = std::exp2(-8.0 / static_cast<double>(whole)), half = std::exp2(-4.0 / static_cast<double>(whole));
  for (int64_t h = 1; h <= whole; ++h) slopes.push_back(static_cast<float>(std::pow(base, static_cast<double>(h))));
  for (int64_t h = 0; h < heads - whole; ++h) slopes.push_back(static_cast<float>(std::pow(half, static_cast<double>(2 * h + 1))));
  return slopes;
}

}  // namespace athanor::models

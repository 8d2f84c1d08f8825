// Rotary positions and the ways to stretch them over longer texts.
//
//   plain     f_i = theta^(-2i/d), i = 0 .. d/2-1                                          Su et al. 2021, arXiv:2104.09864
//   linear    f_i / s: positions squeezed by s                                             Chen et al. 2023, arXiv:2306.15595
//   dynamic   theta grows with the length n beyond the trained length N:                   NTK-aware, after bloc97 and emozilla
//   2023
//             theta * (s n / N - (s - 1))^(d / (d-2))
//   llama3    waves longer than N / low are divided by s, shorter than N / high are kept,  Llama 3.1
//             between them the two are mixed linearly in N / wavelength
//   yarn      the same idea over the index i: kept below low(i), divided by s above        Peng et al. 2023, arXiv:2309.00071
//             high(i), a ramp between; cos and sin are scaled by 0.1 ln s + 1
//
// Checked against transformers' ROPE_INIT_FUNCTIONS (5.24): tests/golden/core_models/rope.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/models/config_reader.h"

namespace athanor::models {
namespace {

/// theta^(-2i/d) in float, exponent and power rounded as the reference does.
std::vector<float> plain(double theta, int64_t dims) {
  std::vector<float> inverse(static_cast<size_t>(dims / 2));
  for (size_t i = 0; i < inverse.size(); ++i) {
    float exponent = static_cast<float>(2 * i) / static_cast<float>(dims);
    inverse[i] = 1.0f / static_cast<float>(std::pow(theta, static_cast<double>(exponent)));
  }
  return inverse;
}

void llama3(const RopeSpec& rope, std::vector<float>& inverse) {
  constexpr double kTwoPi = 6.283185307179586;
  double trained = static_cast<double>(rope.original_max_positions);
  double longest = trained / rope.low_freq_factor, shortest = trained / rope.high_freq_factor;
  for (float& f : inverse) {
    double wave = kTwoPi / f;
    if (wave < shortest) continue;
    if (wave > longest) {
      f = static_cast<float>(f / rope.factor);
    } else {
      double keep = (trained / wave - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
      f = static_cast<float>((1 - keep) * f / rope.factor + keep * f);
    }
  }
}

/// The index whose wave turns `rotations` times within the trained length.
double yarn_index(const RopeSpec& rope, double rotations) {
  constexpr double kTwoPi = 6.283185307179586;
  return static_cast<double>(rope.dims) * std::log(static_cast<double>(rope.original_max_positions) / (rotations * kTwoPi)) /
         (2 * std::log(rope.theta));
}

double yarn_mscale(double factor, double mscale) { return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0; }

void yarn(const RopeSpec& rope, RopeFrequencies& out) {
  double low = yarn_index(rope, rope.beta_fast), high = yarn_index(rope, rope.beta_slow);
  if (rope.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(rope.dims - 1));
  if (low == high) high += 0.001;
  for (size_t i = 0; i < out.inverse.size(); ++i) {
    double stretched = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    double f = out.inverse[i];
    out.inverse[i] = static_cast<float>(f / rope.factor * stretched + f * (1 - stretched));
  }
  bool two_scales = rope.mscale != 0 && rope.mscale_all_dim != 0;
  double computed = two_scales ? yarn_mscale(rope.factor, rope.mscale) / yarn_mscale(rope.factor, rope.mscale_all_dim)
                               : yarn_mscale(rope.factor, 1);
  out.attention_factor = static_cast<float>(rope.attention_factor != 0 ? rope.attention_factor : computed);
}

void read_scaling(const ConfigReader& file, const ConfigReader& reader, int64_t max_positions, RopeSpec& rope) {
  constexpr double kLargestFactor = 1e6;
  rope.original_max_positions = file.integer_or(
      "original_max_position_embeddings", reader.integer_or("original_max_position_embeddings", max_positions, 1, int64_t{1} << 30),
      1, int64_t{1} << 30);
  bool derived = rope.scaling == "yarn" && !reader.has("factor");
  if (derived) {
    rope.factor = static_cast<double>(max_positions) / static_cast<double>(rope.original_max_positions);
  } else {
    if (!reader.has("factor")) reader.refuse("factor", "nothing", "a number from 1 to 1e+06");
    rope.factor = reader.number_or("factor", 1, 1, kLargestFactor);
  }
  if (rope.scaling == "dynamic") {
    rope.original_max_positions = max_positions;
    if (rope.dims < 4) reader.refuse("rope_type", "dynamic with a head of 2 numbers", "a head_dim of at least 4");
  }
  if (rope.scaling == "llama3") {
    rope.low_freq_factor = reader.number_or("low_freq_factor", 1, 1e-6, kLargestFactor);
    rope.high_freq_factor = reader.number_or("high_freq_factor", 4, 1e-6, kLargestFactor);
    if (rope.high_freq_factor <= rope.low_freq_factor)
      reader.refuse("high_freq_factor", base::cat(rope.high_freq_factor),
                    base::cat("more than low_freq_factor, which is ", rope.low_freq_factor));
  }
  if (rope.scaling == "yarn") {
    rope.beta_fast = reader.number_or("beta_fast", 32, 1e-6, kLargestFactor);
    rope.beta_slow = reader.number_or("beta_slow", 1, 1e-6, kLargestFactor);
    rope.attention_factor = reader.number_or("attention_factor", 0, 1e-6, kLargestFactor);
    rope.mscale = reader.number_or("mscale", 0, 0, kLargestFactor);
    rope.mscale_all_dim = reader.number_or("mscale_all_dim", 0, 0, kLargestFactor);
    rope.truncate = reader.boolean_or("truncate", true);
    if (rope.theta <= 1) reader.refuse("rope_theta", base::cat(rope.theta), "more than 1 with yarn");
  }
}

}  // namespace

RopeFrequencies rope_frequencies(const RopeSpec& rope, int64_t max_positions, int64_t length) {
  double theta = rope.theta;
  if (rope.scaling == "dynamic") {
    double n = static_cast<double>(std::max(length, max_positions)) / static_cast<double>(max_positions);
    double d = static_cast<double>(rope.dims);
    theta *= std::pow(rope.factor * n - (rope.factor - 1), d / (d - 2));
  }
  RopeFrequencies out{plain(theta, rope.dims)};
  if (rope.scaling == "linear")
    for (float& f : out.inverse) f = static_cast<float>(f / rope.factor);
  if (rope.scaling == "llama3") llama3(rope, out.inverse);
  if (rope.scaling == "yarn") yarn(rope, out);
  return out;
}

RopeSpec read_rope(const ConfigReader& file, int64_t head_dim, int64_t max_positions) {
  // Where both words are present, transformers takes rope_scaling.
  ConfigReader reader = file.object_or_empty(file.has("rope_scaling") ? "rope_scaling" : "rope_parameters");
  for (const auto& [key, value] : reader.json().items())
    if (value.is_object()) reader.refuse(key, "an object", "one set of positions for all layers");
  RopeSpec rope;
  rope.dims = head_dim;
  if (head_dim % 2 != 0) file.refuse("head_dim", base::cat(head_dim), "an even number: rotary positions turn pairs");
  if (reader.number_or("partial_rotary_factor", file.number_or("partial_rotary_factor", 1, 0, 1), 0, 1) != 1)
    file.refuse("partial_rotary_factor", "less than 1", "1 in this family");
  rope.theta = reader.number_or("rope_theta", file.number_or("rope_theta", 10000, 1e-3, 1e12), 1e-3, 1e12);
  std::string type = reader.text_or("rope_type", reader.text_or("type", "default"));
  if (type == "default") return rope;
  if (type != "linear" && type != "dynamic" && type != "llama3" && type != "yarn")
    reader.refuse("rope_type", type, "default, linear, dynamic, llama3 or yarn");
  rope.scaling = type;
  read_scaling(file, reader, max_positions, rope);
  return rope;
}

}  // namespace athanor::models

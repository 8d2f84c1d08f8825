// Llama 3 scales waves by their length. llama.cpp's converter computes the factor of each frequency and stores those alone, as
// rope_freqs.weight; what they came from is found again by trying: the largest factor, with the lengths that every Llama 3 has. A
// tensor that this does not explain becomes longrope, whose config lists factors outright (used for short and long texts alike).

#include "athanor/core/models/gguf/rope.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::models {
namespace {

using base::Json;
using checkpoint::ArrayView;
using checkpoint::GgufFile;

constexpr const char *kFrequencies = "rope_freqs.weight", *kLong = "rope_factors_long.weight",
                     *kShort = "rope_factors_short.weight";

/// The shortest decimal that reads back as this float, as a double: 9.99999974e-06f is 1e-05.
double shortest(float x) { return std::stod(base::cat(x)); }

std::vector<float> factors_of(const GgufFile& file, const char* name, int64_t dims) {
  const ArrayView& array = *file.find(name);
  std::vector<float> factors = to_f32(array, name);
  const bool sound = std::all_of(factors.begin(), factors.end(), [](float f) { return f > 0 && f < 1e6f; });
  if (static_cast<int64_t>(factors.size()) != dims / 2 || !sound)
    base::file_error("models.gguf", {base::cat(file.path.string(), ": tensor ", name), checkpoint::shape_text(array.shape),
                                     base::cat(dims / 2, " positive factors")});
  return factors;
}

/// plain frequency / scaled frequency.
std::vector<float> factors_of(const RopeSpec& rope, int64_t max_positions) {
  RopeSpec plain = rope;
  plain.scaling.clear();
  const auto from = rope_frequencies(plain, max_positions, 1).inverse, to = rope_frequencies(rope, max_positions, 1).inverse;
  std::vector<float> factors(from.size());
  std::transform(from.begin(), from.end(), to.begin(), factors.begin(), std::divides<>());
  return factors;
}

Json list_of(const std::vector<float>& numbers) {
  Json list = Json::array();
  for (float x : numbers) list.push_back(shortest(x));
  return list;
}

void explain_factors(const std::vector<float>& factors, int64_t dims, int64_t max_positions, Json& rope) {
  const float largest = *std::max_element(factors.begin(), factors.end());
  if (largest == 1 && *std::min_element(factors.begin(), factors.end()) == 1) return;
  constexpr int64_t kLlama3Length = 8192;
  RopeSpec guess{.theta = rope["rope_theta"].get<double>(),
                 .dims = dims,
                 .scaling = "llama3",
                 .factor = largest,
                 .low_freq_factor = 1,
                 .high_freq_factor = 4,
                 .original_max_positions = kLlama3Length};
  const std::vector<float> expected = factors_of(guess, max_positions);
  if (std::equal(factors.begin(), factors.end(), expected.begin(), [](float a, float b) { return std::abs(a - b) <= 1e-3f * b; })) {
    rope.update({{"rope_type", "llama3"},
                 {"factor", shortest(largest)},
                 {"low_freq_factor", 1.0},
                 {"high_freq_factor", 4.0},
                 {"original_max_position_embeddings", kLlama3Length}});
    return;
  }
  rope.update({{"rope_type", "longrope"},
               {"factor", 1.0},
               {"attention_factor", 1.0},
               {"short_factor", list_of(factors)},
               {"long_factor", list_of(factors)},
               {"original_max_position_embeddings", max_positions}});
}

/// What the keys say: none, linear, yarn (longrope needs its tensors).
void read_gguf_scaling(const GgufFile& file, const std::string& prefix, Json& rope) {
  const auto& metadata = file.metadata;
  auto copy = [&](const char* key, const char* word) {
    if (auto value = metadata.number(prefix + key)) rope[word] = shortest(*value);
  };
  const std::string type = metadata.text(prefix + "scaling.type").value_or("none");
  if (type == "none" || type == "longrope") return;
  if (type != "linear" && type != "yarn") metadata.refuse(prefix + "scaling.type", type, "none, linear, yarn or longrope");
  rope["rope_type"] = type;
  copy("scaling.factor", "factor");
  if (auto length = metadata.integer(prefix + "scaling.original_context_length"))
    rope["original_max_position_embeddings"] = *length;
  if (type == "yarn") {
    copy("scaling.attn_factor", "attention_factor");
    copy("scaling.yarn_beta_fast", "beta_fast");
    copy("scaling.yarn_beta_slow", "beta_slow");
  }
}

void write_factors(const char* name, std::vector<float> factors, checkpoint::GgufWriter& writer) {
  const auto count = static_cast<int64_t>(factors.size());
  writer.tensor(name, {count}, checkpoint::block_format("F32"), [factors = std::move(factors)] {
    std::vector<std::byte> bytes(factors.size() * sizeof(float));
    std::memcpy(bytes.data(), factors.data(), bytes.size());
    return bytes;
  });
}

}  // namespace

bool is_rope_tensor(std::string_view name) { return name == kFrequencies || name == kLong || name == kShort; }

Json rope_of_gguf(const GgufFile& file, const std::string& architecture, int64_t dims, int64_t max_positions) {
  const std::string prefix = architecture + ".rope.";
  Json rope = {{"rope_theta", shortest(file.metadata.number(prefix + "freq_base").value_or(10000))}, {"rope_type", "default"}};
  read_gguf_scaling(file, prefix, rope);
  if (file.find(kFrequencies)) explain_factors(factors_of(file, kFrequencies, dims), dims, max_positions, rope);
  if (file.find(kLong) && file.find(kShort)) {
    rope.update({{"rope_type", "longrope"},
                 {"short_factor", list_of(factors_of(file, kShort, dims))},
                 {"long_factor", list_of(factors_of(file, kLong, dims))},
                 {"attention_factor", shortest(file.metadata.number(prefix + "scaling.attn_factor").value_or(1))},
                 {"original_max_position_embeddings",
                  file.metadata.integer(prefix + "scaling.original_context_length").value_or(max_positions)}});
  }
  return rope;
}

void write_rope(const DecoderSpec& spec, const std::string& architecture, checkpoint::GgufWriter& writer) {
  if (spec.position != PositionKind::kRope) return;
  const std::string prefix = architecture + ".rope.";
  const RopeSpec& rope = spec.rope;
  writer.integer(prefix + "dimension_count", static_cast<uint32_t>(rope.dims));
  writer.number(prefix + "freq_base", static_cast<float>(rope.theta));
  if (rope.scaling == "linear" || rope.scaling == "yarn") {
    writer.text(prefix + "scaling.type", rope.scaling);
    writer.number(prefix + "scaling.factor", static_cast<float>(rope.factor));
    writer.integer(prefix + "scaling.original_context_length", static_cast<uint32_t>(rope.original_max_positions));
  } else if (rope.scaling == "llama3") {
    write_factors(kFrequencies, factors_of(rope, spec.max_positions), writer);
  } else if (!rope.scaling.empty()) {
    base::input_error("models.gguf", {"GGUF cannot hold these rotary positions", rope.scaling, "none, linear, yarn or llama3"});
  }
}

}  // namespace athanor::models

#pragma once
// Reads a family's fields out of config.json, every number with its range. Internal to the room.

#include <cstdint>
#include <string>
#include <vector>

#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/models/family.h"

namespace athanor::models {

/// What config.json may ask for. Products of these stay far inside 64 bits.
constexpr int64_t kMostVocab = int64_t{1} << 24, kMostHidden = 65'536, kMostHeadDim = 4'096, kMostFfn = int64_t{1} << 20,
                  kMostLayers = 1'024, kMostExperts = 1'024;
constexpr int64_t kMostPositions = int64_t{1} << 24;

/// Whose mistake a wrong value is: the file's, or the user's who describes a new model.
enum class ConfigOrigin { kFile, kRecipe };

class ConfigReader {
 public:
  ConfigReader(const base::Json& config, ConfigOrigin origin, std::string section = "")
      : config_(config), origin_(origin), section_(std::move(section)) {}

  /// Present and not null.
  bool has(const char* key) const;
  /// The value of a key that must be there.
  int64_t integer(const char* key, int64_t min, int64_t max) const;
  /// The value, or `fallback` where the key is absent or null.
  int64_t integer_or(const char* key, int64_t fallback, int64_t min, int64_t max) const;
  double number_or(const char* key, double fallback, double min, double max) const;
  bool boolean_or(const char* key, bool fallback) const;
  std::string text_or(const char* key, const std::string& fallback) const;
  /// A list of exactly `count` numbers that must be there; `texts` and `integers` are empty where the key is absent or null.
  std::vector<double> numbers(const char* key, int64_t count, double min, double max) const;
  std::vector<std::string> texts(const char* key, int64_t count) const;
  std::vector<int64_t> integers(const char* key, int64_t most_count, int64_t min, int64_t max) const;
  /// A member that is an object, as a reader of its own; an empty one where it is absent or null.
  ConfigReader object_or_empty(const char* key) const;
  const base::Json& json() const { return config_; }

  [[noreturn]] void refuse(const std::string& key, std::string got, std::string expected, std::string advice = "") const;

 private:
  const base::Json* value(const char* key) const;
  const base::Json& list(const char* key, int64_t least, int64_t most) const;
  const base::Json& config_;
  ConfigOrigin origin_;
  std::string section_;  // "rope_scaling." inside that object
};

/// "silu", "gelu", "gelu_new" ... as config.json spells them.
Activation read_activation(const ConfigReader& reader, const char* key, const std::string& fallback);

/// What a family takes where its config says nothing, and the words it uses.
struct RopeDefaults {
  double theta = 10000;
  bool interleaved = false;
  bool partial_allowed = false;  // whether less than a whole head may turn
  double partial = 1;
  const char* theta_key = "rope_theta";
  const char* partial_key = "partial_rotary_factor";
};
/// theta and scaling from `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (before).
RopeSpec read_rope(const ConfigReader& file, int64_t head_dim, int64_t max_positions, const RopeDefaults& defaults = {});
/// The same from an object of its own (`rope_parameters` of one kind of layer).
RopeSpec read_rope_of(const ConfigReader& file, const ConfigReader& scaling, int64_t head_dim, int64_t max_positions,
                      const RopeDefaults& defaults);

}  // namespace athanor::models

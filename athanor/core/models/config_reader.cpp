#include "athanor/core/models/config_reader.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"

namespace athanor::models {
namespace {

/// A value as a message shows it: never a large one whole.
std::string shown(const base::Json& value) {
  if (value.is_structured()) return value.is_object() ? "an object" : base::cat("a list of ", value.size());
  return value.is_string() ? base::cat("\"", value.get_ref<const std::string&>(), "\"") : value.dump();
}

}  // namespace

void ConfigReader::refuse(const std::string& key, std::string got, std::string expected, std::string advice) const {
  base::Complaint complaint{base::cat(origin_ == ConfigOrigin::kFile ? "config.json: " : "new model: ", section_, key),
                            std::move(got), std::move(expected), std::move(advice)};
  if (origin_ == ConfigOrigin::kFile) base::file_error("models.config", complaint);
  base::input_error("models.config", complaint);
}

const base::Json* ConfigReader::value(const char* key) const {
  if (!config_.is_object()) refuse("", config_.type_name(), "an object");
  auto found = config_.find(key);
  return found == config_.end() || found->is_null() ? nullptr : &*found;
}

bool ConfigReader::has(const char* key) const { return value(key) != nullptr; }

int64_t ConfigReader::integer(const char* key, int64_t min, int64_t max) const {
  const base::Json* found = value(key);
  std::string expected = base::cat("a whole number from ", min, " to ", max);
  if (!found) refuse(key, "nothing", expected);
  if (!found->is_number_integer()) refuse(key, shown(*found), expected);
  if (found->is_number_unsigned() && found->get<uint64_t>() > static_cast<uint64_t>(max)) refuse(key, shown(*found), expected);
  int64_t number = found->get<int64_t>();
  if (number < min || number > max) refuse(key, shown(*found), expected);
  return number;
}

int64_t ConfigReader::integer_or(const char* key, int64_t fallback, int64_t min, int64_t max) const {
  if (has(key)) return integer(key, min, max);
  // A default must fit what the file says elsewhere (experts in all, experts chosen). 0 is a caller's word for none.
  if (fallback != 0 && (fallback < min || fallback > max))
    refuse(key, base::cat("nothing, which stands for ", fallback), base::cat("a whole number from ", min, " to ", max));
  return fallback;
}

double ConfigReader::number_or(const char* key, double fallback, double min, double max) const {
  const base::Json* found = value(key);
  if (!found) return fallback;
  double number = found->is_number() ? found->get<double>() : NAN;
  if (!(number >= min && number <= max)) refuse(key, shown(*found), base::cat("a number from ", min, " to ", max));
  return number;
}

bool ConfigReader::boolean_or(const char* key, bool fallback) const {
  const base::Json* found = value(key);
  if (found && !found->is_boolean()) refuse(key, shown(*found), "true or false");
  return found ? found->get<bool>() : fallback;
}

std::string ConfigReader::text_or(const char* key, const std::string& fallback) const {
  const base::Json* found = value(key);
  if (found && !found->is_string()) refuse(key, shown(*found), "a text");
  return found ? found->get<std::string>() : fallback;
}

const base::Json& ConfigReader::list(const char* key, int64_t least, int64_t most) const {
  static const base::Json kEmpty = base::Json::array();
  const base::Json* found = value(key);
  const std::string count = least == most ? base::cat(most) : base::cat(least, " to ", most);
  if (!found && least == 0) return kEmpty;
  if (!found) refuse(key, "nothing", "a list of " + count);
  const auto size = static_cast<int64_t>(found->size());
  if (!found->is_array() || size < least || size > most) refuse(key, shown(*found), "a list of " + count);
  return *found;
}

std::vector<double> ConfigReader::numbers(const char* key, int64_t count, double min, double max) const {
  std::vector<double> numbers;
  for (const base::Json& one : list(key, count, count)) {
    const double number = one.is_number() ? one.get<double>() : NAN;
    if (!(number >= min && number <= max)) refuse(key, shown(one), base::cat("numbers from ", min, " to ", max));
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::string> ConfigReader::texts(const char* key, int64_t count) const {
  std::vector<std::string> texts;
  if (!has(key)) return texts;
  for (const base::Json& one : list(key, count, count)) {
    if (!one.is_string()) refuse(key, shown(one), "texts");
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

std::vector<int64_t> ConfigReader::integers(const char* key, int64_t most_count, int64_t min, int64_t max) const {
  std::vector<int64_t> integers;
  for (const base::Json& one : list(key, 0, most_count)) {
    const int64_t number = one.is_number_integer() ? one.get<int64_t>() : min - 1;
    if (number < min || number > max) refuse(key, shown(one), base::cat("whole numbers from ", min, " to ", max));
    integers.push_back(number);
  }
  return integers;
}

ConfigReader ConfigReader::object_or_empty(const char* key) const {
  static const base::Json kEmpty = base::Json::object();
  const base::Json* found = value(key);
  if (found && !found->is_object()) refuse(key, shown(*found), "an object");
  return ConfigReader(found ? *found : kEmpty, origin_, section_ + key + ".");
}

Activation read_activation(const ConfigReader& reader, const char* key, const std::string& fallback) {
  struct Row {
    const char* name;
    Activation activation;
  };
  static constexpr Row kRows[] = {{"silu", Activation::kSilu},          {"swish", Activation::kSilu},
                                  {"gelu", Activation::kGelu},          {"gelu_python", Activation::kGelu},
                                  {"gelu_new", Activation::kGeluTanh},  {"gelu_pytorch_tanh", Activation::kGeluTanh},
                                  {"gelu_fast", Activation::kGeluTanh}, {"relu", Activation::kRelu}};
  std::string name = reader.text_or(key, fallback);
  for (const Row& row : kRows)
    if (name == row.name) return row.activation;
  reader.refuse(key, name, "silu, gelu, gelu_new, gelu_pytorch_tanh or relu");
}

}  // namespace athanor::models

// Typed access to the keys of a GGUF file: what is stored decides what may be read.

#include <cstring>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/gguf.h"

namespace athanor::checkpoint {
namespace {

template <typename T>
T at(const GgufValue& value, size_t i) {
  T number;
  std::memcpy(&number, value.numbers.data() + i * sizeof(T), sizeof(T));
  return number;
}

/// Element i as an integer; nullopt where the type is none or the number does not fit.
std::optional<int64_t> integer_at(const GgufValue& value, size_t i) {
  switch (value.type) {
    case GgufType::kU8:
      return at<uint8_t>(value, i);
    case GgufType::kI8:
      return at<int8_t>(value, i);
    case GgufType::kU16:
      return at<uint16_t>(value, i);
    case GgufType::kI16:
      return at<int16_t>(value, i);
    case GgufType::kU32:
      return at<uint32_t>(value, i);
    case GgufType::kI32:
      return at<int32_t>(value, i);
    case GgufType::kI64:
      return at<int64_t>(value, i);
    case GgufType::kU64: {
      const auto number = at<uint64_t>(value, i);
      return number <= uint64_t{INT64_MAX} ? std::optional(static_cast<int64_t>(number)) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::optional<float> number_at(const GgufValue& value, size_t i) {
  if (value.type == GgufType::kF32) return at<float>(value, i);
  if (value.type == GgufType::kF64) return static_cast<float>(at<double>(value, i));
  const auto integer = integer_at(value, i);
  return integer ? std::optional(static_cast<float>(*integer)) : std::nullopt;
}

/// Bytes become numbers eight times as large: more than any list of a model has is not unpacked.
constexpr uint64_t kMostNumbers = uint64_t{1} << 24;

std::string described(const GgufValue& value) {
  return value.is_array ? base::cat("an array of ", value.count, " ", gguf_type_name(value.type))
                        : base::cat("a ", gguf_type_name(value.type));
}

}  // namespace

const GgufValue* GgufMetadata::find(std::string_view key) const {
  for (const Item& item : items_)
    if (item.key == key) return &item.value;
  return nullptr;
}

void GgufMetadata::refuse(std::string_view key, std::string got, std::string expected) const {
  base::file_error("checkpoint.gguf", {base::cat(source_, ": key ", key), std::move(got), std::move(expected)});
}

void GgufMetadata::expect_form(std::string_view key, const GgufValue& value, bool array, const char* expected) const {
  if (value.is_array != array || value.count > kMostNumbers) refuse(key, described(value), expected);
}

std::optional<int64_t> GgufMetadata::integer(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  expect_form(key, *value, false, "an integer");
  const auto number = integer_at(*value, 0);
  if (!number) refuse(key, described(*value), "an integer below 2^63");
  return number;
}

std::optional<float> GgufMetadata::number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  expect_form(key, *value, false, "a number");
  const auto number = number_at(*value, 0);
  if (!number) refuse(key, described(*value), "a number");
  return number;
}

std::optional<bool> GgufMetadata::boolean(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (value->type != GgufType::kBool || value->is_array) refuse(key, described(*value), "a BOOL");
  return at<uint8_t>(*value, 0) != 0;
}

std::optional<std::string> GgufMetadata::text(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (value->type != GgufType::kText || value->is_array) refuse(key, described(*value), "a TEXT");
  return std::string(value->texts.front());
}

const std::vector<std::string_view>* GgufMetadata::texts(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value && (value->type != GgufType::kText || !value->is_array)) refuse(key, described(*value), "an array of TEXT");
  return value ? &value->texts : nullptr;
}

std::optional<std::vector<int64_t>> GgufMetadata::integers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  expect_form(key, *value, true, "an array of integers");
  std::vector<int64_t> out(value->count);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto number = integer_at(*value, i);
    if (!number) refuse(key, described(*value), "an array of integers below 2^63");
    out[i] = *number;
  }
  return out;
}

std::optional<std::vector<float>> GgufMetadata::numbers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  expect_form(key, *value, true, "an array of numbers");
  std::vector<float> out(value->count);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto number = number_at(*value, i);
    if (!number) refuse(key, described(*value), "an array of numbers");
    out[i] = *number;
  }
  return out;
}

}  // namespace athanor::checkpoint

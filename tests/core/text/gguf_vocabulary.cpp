#include "tests/core/text/gguf_vocabulary.h"

#include <cstring>
#include <map>

#include "athanor/core/base/byte_reader.h"
#include "athanor/core/base/mapped_file.h"

namespace athanor::text {

namespace {

constexpr uint32_t kString = 8, kArray = 9;
constexpr size_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

std::string_view read_string(base::ByteReader& reader) {
  auto bytes = reader.take(reader.read<uint64_t>("a length"), "a string");
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// All arrays of the header by key: strings as they are, numbers as their bytes.
std::map<std::string, std::vector<std::string_view>> read_arrays(base::ByteReader& reader) {
  reader.take(16, "magic, version, number of tensors");
  std::map<std::string, std::vector<std::string_view>> arrays;
  for (auto n = reader.read<uint64_t>("number of keys"); n > 0; --n) {
    std::string key(read_string(reader));
    auto type = reader.read<uint32_t>("a type");
    uint64_t count = 1;
    bool is_array = type == kArray;
    if (is_array) type = reader.read<uint32_t>("a type"), count = reader.read<uint64_t>("a count");
    std::vector<std::string_view>& items = arrays[key];
    for (; count > 0; --count) {
      if (type == kString) {
        items.push_back(read_string(reader));
      } else {
        auto bytes = reader.take(kSizes[type], "a number");
        items.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      }
    }
  }
  return arrays;
}

std::string cat_key(const char* key) { return std::string("tokenizer.ggml.") + key; }

}  // namespace

GgufVocabulary read_gguf_vocabulary(const std::filesystem::path& file) {
  base::MappedFile mapped(file);
  base::ByteReader reader(mapped.bytes(), "test", file.string());
  auto arrays = read_arrays(reader);
  GgufVocabulary v;
  auto strings = [&](const char* key) {
    const auto& items = arrays[cat_key(key)];
    return std::vector<std::string>(items.begin(), items.end());
  };
  auto text = [&](const char* key) { return arrays[cat_key(key)].empty() ? "" : std::string(arrays[cat_key(key)][0]); };
  auto numbers = [&](const char* key, auto& out) {
    for (std::string_view item : arrays[cat_key(key)]) std::memcpy(&out.emplace_back(), item.data(), item.size());
  };
  auto id = [&](const char* key) -> std::optional<int32_t> {
    std::vector<int32_t> value;
    numbers(key, value);
    return value.empty() ? std::nullopt : std::optional(value[0]);
  };
  auto flag = [&](const char* key) -> std::optional<bool> {
    const auto& items = arrays[cat_key(key)];
    return items.empty() ? std::nullopt : std::optional(items[0][0] != 0);
  };
  v.model = text("model"), v.pre = text("pre");
  v.tokens = strings("tokens"), v.merges = strings("merges");
  numbers("scores", v.scores), numbers("token_type", v.token_types);
  v.bos = id("bos_token_id"), v.eos = id("eos_token_id"), v.unknown = id("unknown_token_id");
  v.padding = id("padding_token_id"), v.separator = id("seperator_token_id"), v.mask = id("mask_token_id");
  v.add_bos = flag("add_bos_token"), v.add_eos = flag("add_eos_token"), v.add_space_prefix = flag("add_space_prefix");
  return v;
}

}  // namespace athanor::text

#include "tests/core/text/gguf_vocabulary.h"

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "athanor/core/base/byte_reader.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/tokenizers/scanners/scanner.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"

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

}  // namespace

std::unique_ptr<Pipeline> llama3_of_gguf(const std::filesystem::path& file) {
  base::MappedFile mapped(file);
  base::ByteReader reader(mapped.bytes(), "test", file.string());
  auto arrays = read_arrays(reader);
  const auto &tokens = arrays["tokenizer.ggml.tokens"], &kinds = arrays["tokenizer.ggml.token_type"];
  ModelTables tables;
  base::Json special = base::Json::array();
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (kinds[i][0] == 1) {
      tables.vocabulary.add(tokens[i], static_cast<TokenId>(i));
    } else {
      special.push_back(special_token_json(static_cast<TokenId>(i), std::string(tokens[i])));
    }
  }
  for (std::string_view merge : arrays["tokenizer.ggml.merges"]) {
    size_t space = merge.find(' ');
    std::string left(merge.substr(0, space)), right(merge.substr(space + 1));
    tables.merges.push_back({tables.vocabulary.find(left), tables.vocabulary.find(right), tables.vocabulary.find(left + right)});
  }
  std::string regex(base::find_row(scanners(), "cl100k", "test").regex);
  base::Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
  base::Json split = {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}};
  base::Json document = {
      {"added_tokens", special}, {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}}}, {"decoder", bytes}};
  return build_pipeline(document, {{"type", "BPE"}, {"ignore_merges", true}}, std::move(tables), file.string());
}

}  // namespace athanor::text

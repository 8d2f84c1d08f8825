#include <algorithm>
#include <set>
#include <unordered_set>

#include "athanor/core/base/byte_reader.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/checked.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/utf8.h"
#include "athanor/core/checkpoint/gguf.h"

namespace athanor::checkpoint {
namespace {

constexpr const char* kGgufHeaderWhere = "checkpoint.gguf";
constexpr uint64_t kMostKeys = 65'536, kMostGgufTensors = 1'000'000, kMostText = uint64_t{64} << 20, kMostKey = 65'535,
                   kMostName = 255;
constexpr uint64_t kMostAlignment = 65'536;
constexpr uint32_t kMagic = 0x46554747;  // "GGUF"

struct TypeRow {
  const char* name;
  uint64_t size;  // 0: no number
};
constexpr TypeRow kTypes[] = {{"U8", 1},   {"I8", 1},   {"U16", 2},   {"I16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4},
                              {"BOOL", 1}, {"TEXT", 0}, {"ARRAY", 0}, {"U64", 8}, {"I64", 8}, {"F64", 8}};

bool proper_name(std::string_view name) {
  return !name.empty() && name.find('\0') == std::string_view::npos && base::invalid_utf8(name) == std::string_view::npos;
}

}  // namespace

const char* gguf_type_name(GgufType type) { return kTypes[static_cast<size_t>(type)].name; }

class GgufParser {
 public:
  GgufParser(std::span<const std::byte> bytes, std::string_view source)
      : reader_(bytes, kGgufHeaderWhere, std::string(source)), source_(source), file_size_(bytes.size()) {
    header_.metadata.source_ = source_;
  }

  GgufHeader parse() {
    const auto [tensors, keys] = read_counts();
    read_metadata(keys);
    read_alignment();
    read_tensors(tensors);
    check_places();
    return std::move(header_);
  }

 private:
  [[noreturn]] void refuse(std::string_view what, std::string got, std::string expected, std::string advice = {}) const {
    base::file_error(kGgufHeaderWhere, {base::cat(source_, ": ", what), std::move(got), std::move(expected), std::move(advice)});
  }

  struct Counts {
    uint64_t tensors, keys;
  };
  Counts read_counts() {
    if (uint32_t magic = reader_.read<uint32_t>("the magic"); magic != kMagic) {
      if (magic == 0x67676a74 || magic == 0x67676d6c || magic == 0x67676d66)
        refuse("a GGML file from before GGUF", "ggml, ggmf or ggjt", "GGUF of version 2 or 3", "the model anew as GGUF");
      refuse("not a GGUF file", base::cat("the number ", magic), "the letters GGUF first");
    }
    header_.version = reader_.read<uint32_t>("the version");
    if (header_.version != 0 && header_.version % 65'536 == 0)
      refuse("GGUF in big-endian order", "", "little-endian", "gguf-py's gguf_convert_endian.py");
    if (header_.version != 2 && header_.version != 3) refuse("version of GGUF", base::cat(header_.version), "2 or 3");
    Counts counts{reader_.read<uint64_t>("the number of tensors"), reader_.read<uint64_t>("the number of keys")};
    constexpr uint64_t kLeastTensor = 8 + 4 + 8 + 4 + 8, kLeastKey = 8 + 4 + 1;
    if (counts.tensors > std::min(kMostGgufTensors, reader_.remaining() / kLeastTensor))
      refuse("number of tensors", base::cat(counts.tensors),
             base::cat("at most ", kMostGgufTensors, ", and 32 bytes of the file for each"));
    if (counts.keys > std::min(kMostKeys, reader_.remaining() / kLeastKey))
      refuse("number of keys", base::cat(counts.keys), base::cat("at most ", kMostKeys, ", and 13 bytes of the file for each"));
    return counts;
  }

  std::string_view read_text(std::string_view what, uint64_t most) {
    const auto length = reader_.read<uint64_t>(what);
    if (length > std::min<uint64_t>(most, reader_.remaining()))
      refuse(base::cat("length of ", what), base::cat(length),
             base::cat("at most ", std::min<uint64_t>(most, reader_.remaining()), " at byte ", reader_.position()));
    const auto bytes = reader_.take(length, what);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void read_metadata(uint64_t keys) {
    std::unordered_set<std::string_view> seen;
    for (uint64_t i = 0; i < keys; ++i) {
      const std::string_view key = read_text(base::cat("key ", i), kMostKey);
      if (!proper_name(key)) refuse(base::cat("key ", i), std::string(key), "valid UTF-8 without NUL, not empty");
      if (!seen.insert(key).second) refuse("key occurs twice", std::string(key), "each key once");
      header_.metadata.items_.push_back({std::string(key), read_value(key)});
    }
  }

  GgufType read_type(std::string_view key) {
    const auto type = reader_.read<uint32_t>("a type");
    if (type >= std::size(kTypes)) refuse(base::cat("type of key ", key), base::cat(type), "0 to 12");
    return static_cast<GgufType>(type);
  }

  GgufValue read_value(std::string_view key) {
    GgufValue value;
    value.type = read_type(key);
    if (value.type == GgufType::kArray) {
      value.is_array = true;
      value.type = read_type(key);
      if (value.type == GgufType::kArray) refuse(base::cat("key ", key), "an array of arrays", "an array of texts or numbers");
      value.count = reader_.read<uint64_t>("the length of an array");
    }
    const uint64_t size = kTypes[static_cast<size_t>(value.type)].size;
    const uint64_t most = reader_.remaining() / (size == 0 ? 8 : size);  // a text takes 8 bytes at least
    if (value.count > most)
      refuse(base::cat("length of the array ", key), base::cat(value.count), base::cat("at most ", most, ", what the file holds"));
    if (size == 0) {
      value.texts.reserve(value.count);
      for (uint64_t i = 0; i < value.count; ++i) value.texts.push_back(read_text(base::cat("text ", i, " of ", key), kMostText));
    } else {
      value.numbers = reader_.take(value.count * size, key);
      if (value.type == GgufType::kBool)
        for (std::byte b : value.numbers)
          if (b > std::byte{1}) refuse(base::cat("truth value ", key), base::cat(static_cast<int>(b)), "0 or 1");
    }
    return value;
  }

  void read_alignment() {
    alignment_ = 32;
    if (const GgufValue* value = header_.metadata.find("general.alignment")) {
      if (value->type != GgufType::kU32 || value->is_array) header_.metadata.refuse("general.alignment", "another type", "a U32");
      alignment_ = static_cast<uint64_t>(*header_.metadata.integer("general.alignment"));
      if (!std::has_single_bit(alignment_) || alignment_ > kMostAlignment)
        header_.metadata.refuse("general.alignment", base::cat(alignment_), "a power of two up to 65536");
    }
  }

  void read_tensors(uint64_t count) {
    std::unordered_set<std::string> seen;
    header_.tensors.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      const std::string name(read_text(base::cat("the name of tensor ", i), kMostName));
      if (!proper_name(name)) refuse(base::cat("name of tensor ", i), name, "valid UTF-8 without NUL, not empty");
      if (!seen.insert(name).second) refuse("tensor occurs twice", name, "each name once");
      read_tensor(name);
    }
    header_.data_begin = (reader_.position() + alignment_ - 1) / alignment_ * alignment_;
    if (!header_.tensors.empty() && header_.data_begin > file_size_)
      refuse("ends before its tensors", base::cat(file_size_, " bytes"), base::cat("more than ", header_.data_begin));
  }

  void read_tensor(const std::string& name) {
    GgufHeader::Tensor tensor{name, nullptr, {}, 0, 0};
    const auto dimensions = reader_.read<uint32_t>("the number of dimensions");
    if (dimensions < 1 || dimensions > 4) refuse(base::cat("dimensions of ", name), base::cat(dimensions), "1 to 4");
    for (uint32_t d = 0; d < dimensions; ++d) {
      const auto size = reader_.read<uint64_t>("a dimension");
      if (size < 1 || size > uint64_t{INT64_MAX})
        refuse(base::cat("dimension of ", name), base::cat(size), "a positive 63-bit number");
      tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(size));
    }
    const auto type = reader_.read<uint32_t>("the type of a tensor");
    tensor.format = find_block_format(type);
    if (!tensor.format) refuse(base::cat("type of tensor ", name), base::cat("number ", type), known_formats());
    tensor.begin = reader_.read<uint64_t>("the place of a tensor");

    const auto numbers = base::checked_count(tensor.shape);
    if (!numbers) refuse(base::cat("size of ", name), shape_text(tensor.shape), "fewer than 2^63 numbers");
    if (tensor.shape.back() % tensor.format->values != 0)
      refuse(base::cat("row of ", name), base::cat(tensor.shape.back(), " numbers"),
             base::cat("blocks of ", tensor.format->values, " for ", tensor.format->name));
    const auto bytes =
        base::checked_mul(static_cast<uint64_t>(*numbers / tensor.format->values), static_cast<uint64_t>(tensor.format->bytes));
    if (!bytes) refuse(base::cat("size of ", name), shape_text(tensor.shape), "fewer than 2^64 bytes");
    tensor.bytes = *bytes;
    header_.tensors.push_back(std::move(tensor));
  }

  static std::string known_formats() {
    std::string list = "one of";
    for (const BlockFormat& format : block_formats()) list += base::cat(" ", format.name);
    return list;
  }

  void check_places() const {
    std::vector<const GgufHeader::Tensor*> order;
    for (const GgufHeader::Tensor& tensor : header_.tensors) {
      if (tensor.begin % alignment_ != 0)
        refuse(base::cat("place of ", tensor.name), base::cat(tensor.begin), base::cat("a multiple of ", alignment_));
      if (!base::checked_span(tensor.begin, tensor.bytes, file_size_ - header_.data_begin))
        refuse(base::cat("tensor ", tensor.name, " lies outside the file"), base::cat(tensor.bytes, " bytes at ", tensor.begin),
               base::cat("within ", file_size_ - header_.data_begin));
      order.push_back(&tensor);
    }
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->begin < b->begin; });
    for (size_t i = 1; i < order.size(); ++i)
      if (order[i]->begin < order[i - 1]->begin + order[i - 1]->bytes)
        refuse("tensors overlap", base::cat(order[i - 1]->name, " and ", order[i]->name), "places of their own");
  }

  base::ByteReader reader_;
  std::string source_;
  uint64_t file_size_, alignment_ = 32;
  GgufHeader header_{};
};

GgufHeader parse_gguf(std::span<const std::byte> bytes, std::string_view source) { return GgufParser(bytes, source).parse(); }

}  // namespace athanor::checkpoint

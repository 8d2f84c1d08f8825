// The header of a safetensors file, read by a parser that knows only what a header may hold. A general JSON parser would accept
// more (duplicate keys, any depth, fractions) and cost ten times the time for 100,000 tensors.
//
//   header  = { "__metadata__": {text: text, ...}, name: tensor, ... }     padded at the end with spaces
//   tensor  = { "dtype": text, "shape": [natural, ...], "data_offsets": [natural, natural] }     each key once, in any order
//
// Checked against the Rust library (safetensors 0.8.0): zero-size tensors may share an offset, a scalar has shape [], data begins
// where the header ends and every byte of it belongs to one tensor. Stricter than it on purpose: duplicate keys, unknown keys of a
// tensor, leading spaces, more than 8 dimensions and more than 100,000 tensors in one file are refused.

#include <algorithm>
#include <cstring>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/checked.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/header_text.h"
#include "athanor/core/checkpoint/safetensors.h"

namespace athanor::checkpoint {
namespace {

constexpr uint64_t kLargestHeader = 100'000'000;
constexpr size_t kMostTensors = 100'000;
constexpr size_t kMostDimensions = 8;

using Item = SafetensorsHeader::Item;

/// The header's text, after the length in front of it was compared with the limits and with the file.
std::string_view header_text(std::span<const std::byte> bytes, uint64_t file_size, std::string_view source) {
  auto refuse = [&](std::string_view what, std::string got, std::string expected) {
    base::file_error("checkpoint.safetensors", {base::cat(source, ": ", what), std::move(got), std::move(expected)});
  };
  if (bytes.size() < 8)
    refuse("too short for a safetensors file", base::cat(bytes.size(), " bytes"), "8 bytes of header length first");
  uint64_t length;
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kLargestHeader)
    refuse("header length is too large", base::cat(length, " bytes"),
           base::cat("at most ", kLargestHeader, " bytes; is it a safetensors file?"));
  if (!base::checked_span(8, length, file_size) || !base::checked_span(8, length, bytes.size()))
    refuse("header is longer than the file", base::cat(length, " bytes"),
           base::cat("at most ", file_size - 8, "; was the download cut?"));
  if (length == 0) refuse("header is empty", "0 bytes", "at least {}");
  return {reinterpret_cast<const char*>(bytes.data()) + 8, length};
}

Metadata read_metadata(HeaderText& text) {
  Metadata metadata;
  text.object([&](std::string key) {
    std::string value = text.string("a text (every value of __metadata__ is one)");
    if (!metadata.emplace(key, std::move(value)).second) text.refuse("duplicate key in __metadata__", key, "each key once");
  });
  return metadata;
}

std::vector<int64_t> read_shape(HeaderText& text, const std::string& name) {
  std::vector<int64_t> shape;
  text.array([&] {
    uint64_t size = text.natural();
    if (size > static_cast<uint64_t>(INT64_MAX))
      text.refuse(base::cat("tensor \"", name, "\": dimension is too large"), base::cat(size), "below 2^63");
    if (shape.size() == kMostDimensions)
      text.refuse(base::cat("tensor \"", name, "\" has too many dimensions"), "9 or more", "at most 8");
    shape.push_back(static_cast<int64_t>(size));
  });
  return shape;
}

/// dtype x shape == offsets, all inside the data.
void check_item(const HeaderText& text, const Item& item, uint64_t data_size) {
  auto refuse = [&](const char* what, std::string got, std::string expected) {
    text.refuse(base::cat("tensor \"", item.name, "\": ", what), std::move(got), std::move(expected));
  };
  std::string offsets = base::cat("data_offsets [", item.begin, ", ", item.end, "]");
  if (item.begin > item.end) refuse("offsets run backwards", offsets, "begin <= end");
  if (item.end > data_size)
    refuse("data ends behind the file", offsets, base::cat("end <= ", data_size, "; was the download cut?"));
  auto count = base::checked_count(item.shape);
  auto size = count ? base::checked_mul(static_cast<uint64_t>(*count), base::dtype_size(item.dtype)) : std::nullopt;
  if (!size) refuse("size of shape is not representable", shape_text(item.shape), "a product below 2^63");
  if (*size != item.end - item.begin)
    refuse("shape and offsets disagree", offsets,
           base::cat(*size, " bytes for ", base::dtype_name(item.dtype), " ", shape_text(item.shape)));
}

Item read_item(HeaderText& text, std::string name, uint64_t data_size) {
  Item item{std::move(name), base::DType::kF32, {}, 0, 0};
  bool has_dtype = false, has_shape = false, has_offsets = false;
  auto once = [&](bool& seen, const char* key) {
    if (seen) text.refuse(base::cat("tensor \"", item.name, "\": duplicate key"), key, "each key once");
    seen = true;
  };
  text.object([&](const std::string& key) {
    if (key == "dtype") {
      once(has_dtype, "dtype");
      std::string dtype = text.string("a text");
      auto known = base::dtype_from_name(dtype);
      if (!known)
        text.refuse(base::cat("tensor \"", item.name, "\": unknown dtype"), dtype,
                    "F32, F16, BF16, F64, F8_E4M3, F8_E5M2, I8 ... I64, U8 ... U64 or BOOL");
      item.dtype = *known;
    } else if (key == "shape") {
      once(has_shape, "shape");
      item.shape = read_shape(text, item.name);
    } else if (key == "data_offsets") {
      once(has_offsets, "data_offsets");
      int n = 0;
      text.array([&] {
        uint64_t offset = text.natural();
        if (n == 2) text.refuse(base::cat("tensor \"", item.name, "\": too many data_offsets"), "3 or more", "[begin, end]");
        (n++ == 0 ? item.begin : item.end) = offset;
      });
      if (n != 2) text.refuse(base::cat("tensor \"", item.name, "\": too few data_offsets"), base::cat(n), "[begin, end]");
    } else {
      text.refuse(base::cat("tensor \"", item.name, "\": unknown key"), key, "dtype, shape and data_offsets");
    }
  });
  const char* missing = !has_dtype ? "dtype" : !has_shape ? "shape" : !has_offsets ? "data_offsets" : nullptr;
  if (missing)
    text.refuse(base::cat("tensor \"", item.name, "\": missing key"), "no " + std::string(missing),
                "dtype, shape and data_offsets");
  check_item(text, item, data_size);
  return item;
}

void refuse_duplicates(const HeaderText& text, const std::vector<Item>& items) {
  std::vector<std::string_view> names;
  names.reserve(items.size());
  for (const Item& item : items) names.push_back(item.name);
  std::sort(names.begin(), names.end());
  auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) text.refuse("duplicate tensor", base::cat("\"", *twice, "\""), "each name once");
}

/// In the order of their offsets the tensors cover the data: no overlap, no hole, nothing behind the last.
void check_cover(const HeaderText& text, const std::vector<Item>& items, uint64_t data_size) {
  std::vector<uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0u);
  auto earlier = [&](uint32_t a, uint32_t b) {
    return std::pair(items[a].begin, items[a].end) < std::pair(items[b].begin, items[b].end);
  };
  if (!std::is_sorted(order.begin(), order.end(), earlier)) std::sort(order.begin(), order.end(), earlier);
  uint64_t covered = 0;
  for (uint32_t i : order) {
    if (items[i].begin != covered)
      text.refuse(
          base::cat("tensor \"", items[i].name, items[i].begin < covered ? "\" overlaps another" : "\" leaves a hole before it"),
          base::cat("begin ", items[i].begin), base::cat(covered));
    covered = items[i].end;
  }
  if (covered != data_size)
    text.refuse("bytes behind the last tensor", base::cat(data_size - covered, " bytes"),
                base::cat("a file of exactly ", covered, " data bytes"));
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::span<const std::byte> bytes, uint64_t file_size, std::string_view source) {
  std::string_view json = header_text(bytes, file_size, source);
  HeaderText text(json, source);
  SafetensorsHeader header;
  header.data_begin = 8 + json.size();
  uint64_t data_size = file_size - header.data_begin;
  bool has_metadata = false;
  text.object([&](std::string key) {
    if (key == "__metadata__") {
      if (has_metadata) text.refuse("duplicate key", key, "each key once");
      has_metadata = true;
      header.metadata = read_metadata(text);
      return;
    }
    if (header.items.size() == kMostTensors)
      text.refuse("too many tensors in one file", base::cat("more than ", kMostTensors), "shards with an index");
    header.items.push_back(read_item(text, std::move(key), data_size));
  });
  text.end();
  refuse_duplicates(text, header.items);
  check_cover(text, header.items, data_size);
  return header;
}

}  // namespace athanor::checkpoint

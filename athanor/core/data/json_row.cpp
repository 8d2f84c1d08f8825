#include "athanor/core/data/json_row.h"

#include <simdjson.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::data {
namespace {

namespace dom = simdjson::dom;
using base::Json;

constexpr size_t kMaxDepth = 64;

struct Place {
  std::string_view where, name;
  int64_t line;
  [[noreturn]] void fail(const std::string& what, const std::string& got, const std::string& expected = "") const {
    base::file_error(where, {base::cat(name, ":", line, ": ", what), got, expected});
  }
};

Json convert(const dom::element& element, const Place& place);

Json convert(const dom::object& object, const Place& place) {
  Json out = Json::object();
  auto& members = out.get_ref<Json::object_t&>();
  members.reserve(object.size());
  std::unordered_set<std::string_view> keys;
  for (const auto& field : object) {
    if (!keys.insert(field.key).second) place.fail("duplicate key", std::string(field.key));
    members.emplace_back(std::string(field.key), convert(field.value, place));
  }
  return out;
}

/// As deep as the parser allows, which is kMaxDepth.
Json convert(const dom::element& element, const Place& place) {
  switch (element.type()) {
    case dom::element_type::OBJECT:
      return convert(dom::object(element), place);
    case dom::element_type::ARRAY: {
      Json out = Json::array();
      for (const dom::element item : dom::array(element)) out.push_back(convert(item, place));
      return out;
    }
    case dom::element_type::STRING:
      return std::string(std::string_view(element));
    case dom::element_type::INT64:
      return int64_t(element);
    case dom::element_type::UINT64:
      return uint64_t(element);
    case dom::element_type::DOUBLE:
      return double(element);
    case dom::element_type::BOOL:
      return bool(element);
    default:
      return nullptr;
  }
}

/// A parser and its input with the room behind it that simdjson reads; one for each thread.
class Parser {
 public:
  dom::element parse(std::string_view text, const Place& place) {
    if (buffer_.size() < text.size() + simdjson::SIMDJSON_PADDING) buffer_.resize(2 * text.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(buffer_.data(), text.data(), text.size());
    std::memset(buffer_.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    if ((text.size() > parser_.capacity() || parser_.max_depth() != kMaxDepth) &&
        parser_.allocate(std::max<size_t>(2 * text.size(), 1 << 16), kMaxDepth))
      base::bug(place.where, {"simdjson could not allocate its buffers"});
    dom::element root;
    if (auto error = parser_.parse(buffer_.data(), text.size(), false).get(root))
      place.fail("bad JSON", simdjson::error_message(error));
    return root;
  }

 private:
  std::vector<char> buffer_;
  dom::parser parser_;
};

}  // namespace

Json parse_json_row(const RawRow& row, std::string_view where, std::string_view name) {
  thread_local Parser parser;
  const Place place{where, name, row.line};
  dom::object object;
  if (parser.parse(row.text, place).get(object)) place.fail("line is not an object", "", "{\"text\": \"...\"} or other columns");
  return convert(object, place);
}

void row_too_long(std::string_view where, std::string_view name, int64_t line, size_t bytes) {
  base::file_error(where, {base::cat(name, ":", line, ": line is too long"), base::cat(bytes, " bytes"), "at most 64 MiB"});
}

}  // namespace athanor::data

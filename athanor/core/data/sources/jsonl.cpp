// JSON Lines: one object per line, the document under `text_key`. Parsed by simdjson, which checks the whole line and does not
// recurse. Limits: a line of at most 64 MiB, depth 64. Empty lines are skipped; \r\n is accepted.

#include <simdjson.h>

#include <cstring>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/source.h"

namespace athanor::data {
namespace {

constexpr size_t kMaxLine = size_t{64} << 20;
constexpr size_t kMaxDepth = 64;

class LineParser {
 public:
  LineParser(std::string_view file, std::string_view text_key) : file_(file), key_(text_key) {
    if (parser_.allocate(1 << 16, kMaxDepth)) base::bug("data.jsonl", {"simdjson could not allocate its buffers"});
  }

  /// The document of one line; `number` counts from 1. The view ends with the next call.
  std::string_view parse(std::string_view line, int64_t number) {
    number_ = number;
    if (line.size() > kMaxLine) fail("line is too long", base::cat(line.size(), " bytes"), "at most 64 MiB");
    if (buffer_.size() < line.size() + simdjson::SIMDJSON_PADDING) buffer_.resize(2 * line.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(buffer_.data(), line.data(), line.size());
    std::memset(buffer_.data() + line.size(), 0, simdjson::SIMDJSON_PADDING);
    if (line.size() > parser_.capacity() && parser_.allocate(2 * line.size(), kMaxDepth))
      base::bug("data.jsonl", {"simdjson could not allocate its buffers"});
    simdjson::dom::element root;
    if (auto error = parser_.parse(buffer_.data(), line.size(), false).get(root))
      fail("bad JSON", simdjson::error_message(error), "");
    simdjson::dom::object object;
    if (root.get(object)) fail("line is not an object", "", "{\"" + key_ + "\": \"...\"}");
    return text_of(object);
  }

 private:
  std::string_view text_of(const simdjson::dom::object& object) {
    bool found = false;
    std::string keys;
    std::string_view text;
    for (auto field : object) {
      if (field.key != key_) {
        if (keys.size() < 100) keys += (keys.empty() ? "" : ", ") + std::string(field.key);
        continue;
      }
      if (found) fail("duplicate key", key_, "");
      if (field.value.get(text)) fail("value of \"" + key_ + "\" is not text", "", "a string");
      found = true;
    }
    if (!found) fail("no key \"" + key_ + "\"", keys.empty() ? "an empty object" : "keys " + keys, "", "set data.text_key");
    return text;
  }

  [[noreturn]] void fail(const std::string& what, const std::string& got, const std::string& expected,
                         const std::string& advice = "") {
    base::file_error("data.jsonl", {base::cat(file_, ":", number_, ": ", what), got, expected, advice});
  }

  std::string file_, key_;
  int64_t number_ = 0;
  std::vector<char> buffer_;
  simdjson::dom::parser parser_;
};

}  // namespace

void read_jsonl(std::string_view contents, std::string_view name, const SourceOptions& options, const DocumentVisitor& visit) {
  LineParser parser(name, options.text_key);
  int64_t number = 0;
  for (size_t begin = 0; begin < contents.size();) {
    size_t end = std::min(contents.find('\n', begin), contents.size());
    std::string_view line = contents.substr(begin, end - begin);
    begin = end + 1, ++number;
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) visit(parser.parse(line, number));
  }
}

}  // namespace athanor::data

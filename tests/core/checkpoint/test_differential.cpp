// Damaged headers, ours against the Rust library's verdict: nothing it refuses is taken, and what is refused beyond that is refused
// on purpose.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "tests/testing/golden.h"

namespace athanor::checkpoint {
namespace {

/// "" where the file is taken, else the error's text.
std::string refusal(const std::string& header, size_t data_bytes) {
  uint64_t length = header.size();
  std::string file = std::string(reinterpret_cast<const char*>(&length), 8) + header;
  try {
    parse_safetensors_header(std::as_bytes(std::span(file.data(), file.size())), file.size() + data_bytes, "f");
    return "";
  } catch (const base::Error& error) {
    return error.what();
  }
}

/// Where we are stricter than the library, and why: docs of safetensors_header.cpp.
bool on_purpose(const std::string& text) {
  static constexpr std::string_view kReasons[] = {"duplicate key",          "duplicate tensor",      "unknown key",
                                                  "no NUL in a text",       "as the first byte",     "too many dimensions",
                                                  "unknown dtype; got C64", "unknown dtype; got F4", "dimension is too large"};
  return std::any_of(std::begin(kReasons), std::end(kReasons),
                     [&](std::string_view reason) { return text.find(reason) != std::string::npos; });
}

TEST(Differential, RefusesWhatTheRustLibraryRefuses) {
  testing::Golden golden("core_checkpoint/differential");
  const char* longer = std::getenv("ATHANOR_DIFFERENTIAL");
  const base::Json cases = longer ? base::read_json_file(longer, "test") : golden.json();
  int taken = 0, refused = 0;
  for (const base::Json& one : cases) {
    std::string why = refusal(one[0].get<std::string>(), one[1].get<size_t>());
    if (one[2].get<bool>())
      EXPECT_TRUE(why.empty() || on_purpose(why)) << one[0] << "\n" << why;
    else
      EXPECT_FALSE(why.empty()) << one[0] << " | " << one[1];
    ++(why.empty() ? taken : refused);
  }
  EXPECT_GE(taken, 100);
  EXPECT_GE(refused, 300);
}

}  // namespace
}  // namespace athanor::checkpoint

#include "athanor/core/checkpoint/safetensors.h"
#include "tests/testing/fuzz.h"

using namespace athanor::checkpoint;

// What was taken lies inside the file, without overlap, and covers it.
ATH_FUZZ_TARGET(safetensors) {
  SafetensorsHeader header = parse_safetensors_header(std::as_bytes(std::span(input.data(), input.size())), input.size(), "fuzz");
  uint64_t total = header.data_begin;
  for (const auto& item : header.items) {
    ATH_FUZZ_CHECK(item.begin <= item.end && header.data_begin + item.end <= input.size());
    ATH_FUZZ_CHECK(item.shape.size() <= 8 && item.name.find('\0') == std::string::npos);
    total += item.end - item.begin;
  }
  ATH_FUZZ_CHECK(total == input.size());
}

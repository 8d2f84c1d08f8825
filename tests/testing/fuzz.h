#pragma once
// A fuzz target in one file, used twice. In tests/<room>/fuzz_<target>.cpp:
//
//   #include "athanor/core/base/json.h"
//   #include "tests/testing/fuzz.h"
//
//   ATH_FUZZ_TARGET(json) { athanor::base::parse_json(input, "base.json", "fuzz"); }
//
// `input` is a std::string_view. The room's test binary replays tests/corpus/<target>/* (seeds, and every crash ever found); a
// build with ATHANOR_FUZZ makes bin/fuzz_<target> of it. Input may be refused by an Error of kind input or file; anything else is a
// find: another exception, kind bug, a sanitizer's report, or an ATH_FUZZ_CHECK that does not hold.

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "athanor/core/base/error.h"

/// What must hold for every input that was taken.
#define ATH_FUZZ_CHECK(condition) \
  if (!(condition)) throw std::logic_error("does not hold: " #condition)

namespace athanor::testing {

using FuzzBody = void (*)(std::string_view input);

inline void feed(FuzzBody body, std::string_view input) {
  try {
    body(input);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kBug) throw;
  }
}

/// Feeds every file of tests/corpus/<target>, which must not be empty; a find fails the test with the file's name.
void replay_corpus(std::string_view target, FuzzBody body);

}  // namespace athanor::testing

#ifdef ATHANOR_FUZZ
#define ATH_FUZZ_TARGET(target)                                                           \
  static void fuzz_##target(std::string_view input);                                      \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {               \
    ::athanor::testing::feed(fuzz_##target, {reinterpret_cast<const char*>(data), size}); \
    return 0;                                                                             \
  }                                                                                       \
  static void fuzz_##target(std::string_view input)
#else
#include <gtest/gtest.h>
#define ATH_FUZZ_TARGET(target)                                                       \
  static void fuzz_##target(std::string_view input);                                  \
  TEST(Corpus, target) { ::athanor::testing::replay_corpus(#target, fuzz_##target); } \
  static void fuzz_##target(std::string_view input)
#endif

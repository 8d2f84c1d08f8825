#include "athanor/core/base/utf8.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/source.h"
#include "tests/testing/fuzz.h"

// Whatever the bytes, what is cleaned is UTF-8, and the separator is in no document.
ATH_FUZZ_TARGET(plain_text) {
  using namespace athanor;
  for (const char* separator : {"", "blank-lines", "--"}) {
    data::split_plain_text(input, {"text", separator}, [&](std::string_view document) {
      ATH_FUZZ_CHECK(!document.empty());
      ATH_FUZZ_CHECK(separator != std::string_view("--") || document.find("--") == std::string_view::npos);
      std::string cleaned(document);
      data::Cleaner({}, false).clean(cleaned);
      ATH_FUZZ_CHECK(base::invalid_utf8(cleaned) == std::string::npos);
    });
  }
}

#include "athanor/core/base/utf8.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/source.h"
#include "tests/testing/fuzz.h"

// Documents are UTF-8, and cleaning them a second time changes nothing.
ATH_FUZZ_TARGET(jsonl) {
  using namespace athanor;
  data::CleaningOptions options;
  options.nfc = true;
  const auto rows = base::find_row(data::source_formats(), "jsonl", "fuzz").open(data::ByteWindow::of_text(input), "fuzz");
  data::read_text_column(*rows, "fuzz", {}, [&](std::string_view document) {
    ATH_FUZZ_CHECK(base::invalid_utf8(document) == std::string_view::npos);
    std::string once(document), twice;
    data::Cleaner(options, true).clean(once);
    data::Cleaner(options, true).clean(twice = once);
    ATH_FUZZ_CHECK(once == twice);
  });
}

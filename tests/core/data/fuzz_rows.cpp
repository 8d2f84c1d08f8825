#include <nlohmann/json.hpp>

#include "athanor/core/base/utf8.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/source.h"
#include "tests/testing/fuzz.h"

// The first byte chooses the format. Whatever follows, rows are objects whose lines do not fall, and a row that becomes a sample
// has texts that are UTF-8 where the format promises it (a table's bytes are its own).
ATH_FUZZ_TARGET(rows) {
  using namespace athanor;
  if (input.empty()) return;
  const auto formats = data::source_formats();
  const data::SourceFormat& format = formats[static_cast<unsigned char>(input[0]) % (formats.size() - 1)];
  if (!format.open) return;
  const auto rows = format.open(data::ByteWindow::of_text(input.substr(1)), "fuzz");
  data::SampleMaker maker({});
  std::set<std::string> unfilled;
  int64_t line = 0;
  for (data::RawRow raw; rows->next(raw);) {
    ATH_FUZZ_CHECK(raw.line >= line);
    const bool first = line == 0;
    line = raw.line;
    base::Json row = rows->parse(raw);
    ATH_FUZZ_CHECK(row.is_object());
    if (first) maker.begin(row, "fuzz", raw.line);
    const std::string text = data::sample_text(maker.make(std::move(row), "fuzz", raw.line, unfilled));
    const bool is_table = format.extensions[0] == ".csv" || format.extensions[0] == ".tsv";
    ATH_FUZZ_CHECK(is_table || base::invalid_utf8(text) == std::string_view::npos);
  }
}

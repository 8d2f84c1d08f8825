#include "tests/testing/fuzz.h"

#include <set>

#include "athanor/core/base/mapped_file.h"
#include "tests/testing/data.h"

namespace athanor::testing {

void replay_corpus(std::string_view target, FuzzBody body) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(source_path("tests/corpus") / target)) files.insert(entry.path());
  EXPECT_FALSE(files.empty());
  for (const auto& file : files) {
    SCOPED_TRACE(file.string());
    EXPECT_NO_THROW(feed(body, base::read_text_file(file)));
  }
}

}  // namespace athanor::testing

// What README, docs and --help show is run: every ```sh block that begins with `athanor`, unless it is marked `sh no-run`, and the
// examples of every command. A ```yaml block that begins with "# recipe.yaml" becomes that file, and a ```file NAME block the file
// NAME.

#include "app/cli/command.h"
#include "tests/app/workbench.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

namespace fs = std::filesystem;

bool needs_learn(const std::string& line) {
  for (const char* word :
       {"athanor train ", "athanor estimate", "athanor quickstart", "athanor lab", "--executor nn", "athanor classify "})
    if (line.find(word) != std::string::npos) return true;
  return false;
}

bool is_example(const std::string& text) {
  return text.starts_with("athanor ") || text.substr(0, text.find('\n')).find("| athanor ") != std::string::npos;
}

/// What serves until Ctrl-C gets it after two seconds, and a port that is free.
std::string runnable(const std::string& line) {
  if (line.find("athanor runs serve") == std::string::npos) return line;
  return "timeout --foreground --preserve-status -s INT 2 " + line + (line.find("--port") == std::string::npos ? " --port 0" : "");
}

void run_lines(const Workbench& bench, const Block& block, const fs::path& file) {
  size_t begin = 0;
  for (size_t end; (end = block.text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string line = block.text.substr(begin, end - begin);
    if (!is_example(line) || (needs_learn(line) && !learns())) continue;
    auto result = bench.shell(runnable(line));
    EXPECT_EQ(result.exit_code, 0) << file.filename() << " near line " << block.line << ": " << line << "\n" << result.err;
  }
}

int run_document(const fs::path& file) {
  Workbench bench;
  int run = 0;
  for (const Block& block : blocks_of(file)) {
    if (block.info == "yaml" && block.text.starts_with("# recipe.yaml\n")) bench.folder().write("recipe.yaml", block.text);
    if (block.info.starts_with("file ")) bench.folder().write(block.info.substr(5), block.text);
    EXPECT_FALSE(block.info.empty() && block.text.starts_with("athanor ")) << file << ":" << block.line << " is not marked sh";
    if (block.info == "sh" && is_example(block.text)) run_lines(bench, block, file), ++run;
  }
  return run;
}

class DocsPage : public ::testing::TestWithParam<const char*> {};

TEST_P(DocsPage, ExamplesRun) { EXPECT_GT(run_document(testing::source_path(GetParam())), 0); }

INSTANTIATE_TEST_SUITE_P(Docs, DocsPage,
                         ::testing::Values("docs/commands.md", "docs/chat.md", "docs/tokenizers.md", "docs/training.md",
                                           "docs/data.md", "docs/classify.md", "docs/adapters.md", "docs/decoding.md",
                                           "docs/engine.md", "docs/gguf.md", "docs/constraints.md", "docs/runs.md", "docs/lab.md",
                                           "README.md", "README.zh-CN.md"));

TEST(Docs, OtherPagesHaveNoExamplesThatWouldNotBeRun) {
  for (const char* name : {"docs/quickstart.md", "docs/repetition.md", "docs/architecture.md", "CONTRIBUTING.md", "CHANGELOG.md"})
    EXPECT_EQ(run_document(testing::source_path(name)), 0) << name << " has examples: add it to the list above";
}

TEST(Docs, EveryCommandHasItsSection) {
  std::string page;
  for (const Command& command : commands()) {
    bool found = false;
    for (const Block& block : blocks_of(testing::source_path("docs/commands.md")))
      found |= block.text.find(std::string("athanor ") + command.name) != std::string::npos;
    EXPECT_TRUE(found) << command.name << " is not in docs/commands.md";
  }
}

/// folder/classifier and labels.jsonl, as docs/classify.md makes them.
void make_classifier(const Workbench& bench) {
  if (!learns()) return;
  for (const Block& block : blocks_of(testing::source_path("docs/classify.md"))) {
    if (block.info.starts_with("file ")) bench.folder().write(block.info.substr(5), block.text);
    if (block.info == "yaml") bench.folder().write("classify.yaml", block.text);
  }
  const auto result = bench.run({"train", "classify.yaml"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
}

TEST(Help, ExamplesRun) {
  Workbench bench;
  for (const Block& block : blocks_of(testing::source_path("docs/training.md")))
    if (block.info == "yaml" && block.text.starts_with("# recipe.yaml\n")) bench.folder().write("recipe.yaml", block.text);
  ASSERT_EQ(bench.run({"train-tokenizer", "text.txt", "--out", "tokenizer", "--vocab-size", "512"}).exit_code, 0);
  make_classifier(bench);
  for (const Command& command : commands()) {
    if (std::string_view(command.name) == "quickstart") continue;  // minutes: test_quickstart.cpp
    for (const char* example : command.examples) {
      if (needs_learn(example) && !learns()) continue;
      auto result = bench.shell(runnable(example));
      EXPECT_EQ(result.exit_code, 0) << example << "\n" << result.err;
    }
  }
}

}  // namespace
}  // namespace athanor::app

// athanor chat through a pipe and on a terminal made by Python's pty, and athanor generate --chat.

#include <fstream>

#include "athanor/core/base/mapped_file.h"
#include "tests/app/workbench.h"

namespace athanor::app {
namespace {

struct ChatBench : Workbench {
  testing::ProgramResult chat(const std::string& input, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"chat", "model", "-n", "12", "--temperature", "0", "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, input);
  }
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

TEST(Chat, LinesOfAPipeAreAnswered) {
  ChatBench bench;
  auto result = bench.chat("Hello\nAnd then?\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("(12 tokens, "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find(" of "), std::string::npos) << result.err;
  // The first answer is what generate says to the same text.
  bench.folder().write("prompt.txt", "[user] Hello\n[assistant]");
  auto plain = bench.json(
      {"generate", "model", "--prompt", "Hello", "--chat", "-n", "12", "--temperature", "0", "--json", "--threads", "1"});
  EXPECT_EQ(first_line(result.out), first_line(plain.at("text").get<std::string>()));
  EXPECT_GT(plain.at("prompt_tokens").get<int>(), 5);
}

TEST(Chat, WhatWasSaidStays) {
  ChatBench bench;
  // The second answer with the cache kept equals the one after loading, when nothing is cached.
  auto first = bench.chat("Hello\nAnd then?\n/save said.json\n");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  base::Json said = base::read_json_file(bench / "said.json", "test");
  ASSERT_EQ(said.size(), 4u);
  EXPECT_EQ(said[0].at("content"), "Hello");
  EXPECT_EQ(said[3].at("role"), "assistant");
  auto second = bench.chat("/load said.json\n/regenerate\n/save again.json\n");
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(base::read_json_file(bench / "again.json", "test"), said);
}

TEST(Chat, SystemAndClear) {
  ChatBench bench;
  auto result = bench.chat("/system Be brief.\nHello\n/clear\n/save a.json\n/system\n/save b.json\n/quit\nnever read\n",
                           {"--system", "first"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(base::read_json_file(bench / "a.json", "test").dump(), R"([{"role":"system","content":"Be brief."}])");
  EXPECT_EQ(base::read_json_file(bench / "b.json", "test").dump(), "[]");
}

TEST(Chat, MistakesAreLinesAndTheConversationGoesOn) {
  ChatBench bench;
  auto result = bench.chat("/hlep\n/regenerate\n/load nowhere.json\n/save\nHello\n/save end.json\n");
  EXPECT_EQ(result.exit_code, 2);
  for (const char* part :
       {"unknown command; got /hlep; try /help", "nothing was said yet", "nowhere.json", "/save needs something behind it"})
    EXPECT_NE(result.err.find(part), std::string::npos) << part << " is not in " << result.err;
  EXPECT_EQ(base::read_json_file(bench / "end.json", "test").size(), 2u);
}

TEST(Chat, TooLongAConversationIsSaid) {
  ChatBench bench;
  std::string words;
  for (int i = 0; i < 400; ++i) words += "once upon a time ";
  auto result = bench.chat(words + "\nHello\n");
  EXPECT_NE(result.err.find("the conversation is longer than the context"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("tokens/s"), std::string::npos) << "the short message is answered: " << result.err;
}

TEST(Chat, TurnsEndAtTheTemplatesOwnToken) {
  ChatBench bench;
  // </s> stands behind an answer in this template, so it ends one.
  bench.folder().write("ends.jinja",
                       "{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}</s>{% endif %}{% endfor %}");
  auto result = bench.chat("Once upon a time\n", {"--chat-template", "ends.jinja"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST(Chat, AModelWithoutATemplateIsAnError) {
  Workbench bench;
  std::filesystem::remove(bench / "model/chat_template.jinja");
  auto result = bench.run({"chat", "model"}, "");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("the model has no chat template"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("try --chat-template FILE"), std::string::npos) << result.err;
}

/// Runs chat on a terminal: types `keys` (Python literals, one by one after each prompt; a float is a pause), prints what the
/// screen showed.
testing::ProgramResult on_a_terminal(const ChatBench& bench, const std::string& keys, const std::string& arguments) {
  bench.folder().write("terminal.py", R"(import os, pty, select, signal, sys, termios, time
signal.alarm(150)
pid, screen = pty.fork()
if pid == 0:
    os.environ.update(TERM='xterm', ATHANOR_CHAT_HISTORY='history')
    os.execvp('athanor', ['athanor', 'chat', 'model', '--temperature', '0', '--threads', '1'] + )" +
                                          arguments + R"()
shown = rest = b''  # rest: what came behind the last thing that was waited for
def read(until, seconds=30):
    global shown, rest
    end = time.time() + seconds
    while time.time() < end and until not in rest:
        if select.select([screen], [], [], 0.1)[0]:
            try: piece = os.read(screen, 4096)
            except OSError: break
            if not piece: break
            shown += piece
            rest += piece
    found, rest = until in rest, rest.partition(until)[2]
    return found
def raw(): return not termios.tcgetattr(screen)[3] & termios.ICANON
for wait, key in )" + keys + R"(:
    if wait and not read(wait): print('never showed', wait, file=sys.stderr)
    while wait == b'> ' and not raw(): time.sleep(0.01)  # libedit shows its prompt first; what comes between is lost
    time.sleep(key) if isinstance(key, float) else os.write(screen, key)
read(b'never', 10)
signal.alarm(60)
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
print('\nexit', os.waitstatus_to_exitcode(status))
)");
  return bench.shell("exec python3 terminal.py");
}

TEST(Chat, ATerminalHasEditingAndHistory) {
  ChatBench bench;
  // "Helxo", two characters back, x deleted forward, l typed; Ctrl-D at an empty line leaves.
  auto result = on_a_terminal(
      bench, R"([(b'> ', b'Helxo\x02\x02\x0b' b'lo\n'), (b'left)', b''), (b'> ', b'/save said.json\n'), (b'> ', b'\x04')])",
      "['-n', '5']");
  EXPECT_NE(result.out.find("\nexit 0"), std::string::npos) << result.out << result.err;
  EXPECT_EQ(base::read_json_file(bench / "said.json", "test").at(0).at("content"), "Hello") << result.out;
  EXPECT_NE(base::read_text_file(bench / "history").find("Hello"), std::string::npos);
}

TEST(Chat, CtrlCStopsTheAnswerOnly) {
  ChatBench bench;
  auto result = on_a_terminal(
      bench,
      R"([(b'> ', b'Once upon a time\n'), (b'. ', b'\x03'), (b'stopped; ', b''), (b'> ', b'/save said.json\n'), (b'> ', b'\x04')])",
      "['-n', '100000', '--ignore-eos', '--context', '4096']");
  EXPECT_NE(result.out.find("\nexit 0"), std::string::npos) << result.out << result.err;
  EXPECT_EQ(base::read_json_file(bench / "said.json", "test").size(), 2u) << result.out;
}

// The newline on the screen says that libedit has the line; from there on Ctrl-C is for the answer, before its first token too.
// What was said long ago makes the prompt take a while to read.
TEST(Chat, CtrlCBeforeTheFirstTokenStopsTheAnswer) {
  ChatBench bench;
  std::string words;
  for (int i = 0; i < 150; ++i) words += "once upon a time there was a little girl. ";
  const base::Json before = {{{"role", "user"}, {"content", words}}, {{"role", "assistant"}, {"content", "Yes."}}};
  bench.folder().write("long.json", before.dump());
  for (const char* pause : {"0.0", "0.003", "0.03"}) {
    const auto result =
        on_a_terminal(bench,
                      std::string("[(b'> ', b'/load long.json\\n'), (b'> ', b'Hello\\n'), (b'\\n', ") + pause +
                          R"(), (b'', b'\x03'), (b'stopped', b''), (b'> ', b'/save said.json\n'), (b'> ', b'\x04')])",
                      "['-n', '100000', '--ignore-eos', '--context', '4096']");
    EXPECT_NE(result.out.find("\nexit 0"), std::string::npos) << pause << result.out << result.err;
    EXPECT_EQ(result.err.find("never showed"), std::string::npos) << pause << result.err << result.out;
    const base::Json said = base::read_json_file(bench / "said.json", "test");
    EXPECT_TRUE(said == before || said.size() == 4) << "an answer that had begun stays, with what it answers: " << said.size();
  }
}

}  // namespace
}  // namespace athanor::app

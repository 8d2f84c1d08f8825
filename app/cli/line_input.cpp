#include "app/cli/line_input.h"

#include <histedit.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "app/cli/output.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/stop.h"

namespace athanor::app {
namespace fs = std::filesystem;

class LineInput::Editor {
 public:
  explicit Editor(fs::path file)
      : file_(std::move(file)), history_(history_init()), editor_(el_init("athanor", stdin, stdout, stderr)) {
    if (!std::setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");  // é is one key
    HistEvent event;
    history(history_, &event, H_SETSIZE, 1000);
    history(history_, &event, H_SETUNIQUE, 1);
    if (!file_.empty()) history(history_, &event, H_LOAD, file_.c_str());
    el_set(
        editor_, EL_PROMPT, +[](EditLine*) { return const_cast<char*>("> "); });
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_HIST, history, history_);
    el_source(editor_, nullptr);  // ~/.editrc
  }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;
  ~Editor() {
    el_end(editor_);
    save();
    history_end(history_);
  }

  std::optional<std::string> line() {
    int count = 0;
    const char* text = el_gets(editor_, &count);
    if (!text || count <= 0) {
      print("\n");
      return std::nullopt;
    }
    std::string line(text, static_cast<size_t>(count));
    if (line.find_first_not_of(" \t\n") != std::string::npos) {
      HistEvent event;
      history(history_, &event, H_ENTER, text);
    }
    while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
    return line;
  }

 private:
  void save() {
    if (file_.empty()) return;
    std::error_code error;
    if (file_.has_parent_path()) fs::create_directories(file_.parent_path(), error);
    HistEvent event;
    if (error || history(history_, &event, H_SAVE, file_.c_str()) < 0)
      return base::log_warning("the history of lines could not be written to " + file_.string());
    fs::permissions(file_, fs::perms::owner_read | fs::perms::owner_write, error);  // what was said is the user's own
  }

  fs::path file_;
  History* history_;
  EditLine* editor_;
};

LineInput::LineInput(fs::path history) {
  if (app::is_terminal(STDIN_FILENO) && app::is_terminal(STDOUT_FILENO)) editor_ = std::make_unique<Editor>(std::move(history));
}

LineInput::~LineInput() = default;

std::optional<std::string> LineInput::one_line() {
  if (editor_) return editor_->line();
  constexpr size_t kLongest = size_t{16} << 20;
  char piece[4096];
  while (buffered_.find('\n') == std::string::npos && buffered_.size() < kLongest) {
    ssize_t n = read(STDIN_FILENO, piece, sizeof piece);
    if (n < 0 && errno == EINTR && !base::stop_requested()) continue;
    if (n <= 0) break;
    buffered_.append(piece, static_cast<size_t>(n));
  }
  if (buffered_.empty()) return std::nullopt;
  size_t end = std::min(buffered_.find('\n'), buffered_.size());
  std::string line = buffered_.substr(0, end);
  buffered_.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::optional<std::string> LineInput::next() {
  std::optional<std::string> line = one_line();
  while (line && line->ends_with('\\')) {
    line->back() = '\n';
    auto more = one_line();
    if (!more) break;
    *line += *more;
  }
  return line;
}

fs::path chat_history_path() {
  auto variable = [](const char* name) -> fs::path {
    const char* value = std::getenv(name);
    return value ? value : "";
  };
  if (auto path = variable("ATHANOR_CHAT_HISTORY"); !path.empty()) return path;
  fs::path state = variable("XDG_STATE_HOME");
  if (state.empty() || !state.is_absolute()) {
    if (variable("HOME").empty()) return {};
    state = variable("HOME") / ".local" / "state";
  }
  return state / "athanor" / "chat_history";
}

}  // namespace athanor::app

#pragma once
// Lines that a person types, with editing, history and completion where standard input is a terminal, and plainly where it is a
// pipe or a file. libedit lives in line_input.cpp alone.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace athanor::app {

class LineInput {
 public:
  /// `history`: where lines are kept between runs (on a terminal only); empty: nowhere.
  explicit LineInput(std::filesystem::path history);
  LineInput(const LineInput&) = delete;
  LineInput& operator=(const LineInput&) = delete;
  ~LineInput();

  /// The next line without its end; a backslash at the end joins it with the one after. nullopt at the end of input or after
  /// Ctrl-C.
  std::optional<std::string> next();
  bool is_terminal() const { return editor_ != nullptr; }

 private:
  std::optional<std::string> one_line();
  class Editor;
  std::unique_ptr<Editor> editor_;
  std::string buffered_;
};

/// chat_history in the user's state folder: ATHANOR_CHAT_HISTORY, else $XDG_STATE_HOME/athanor, else ~/.local/state/athanor.
std::filesystem::path chat_history_path();

}  // namespace athanor::app

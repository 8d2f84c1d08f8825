// athanor chat: a conversation in the terminal, or line by line through a pipe.

#include <unistd.h>

#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/conversation.h"
#include "app/cli/line_input.h"
#include "app/cli/output.h"
#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/stop.h"

namespace athanor::app {
namespace {

struct Arguments {
  ModelArguments model;
  std::string system, chat_template;
  generate::GenerateOptions options = {.max_new_tokens = 1024, .temperature = 0.7, .top_p = 0.95};
};

/// Ctrl-C asks for a stop and no more, until the conversation ends; the second one while an answer still runs changes nothing. The
/// wish stands from the moment a line is there until its answer is over, so that it is heard before the first word too.
class StopsAnswersOnly {
 public:
  StopsAnswersOnly() {
    struct sigaction action {};
    action.sa_handler = [](int) { base::request_stop(); };
    sigaction(SIGINT, &action, &before_);
  }
  StopsAnswersOnly(const StopsAnswersOnly&) = delete;
  StopsAnswersOnly& operator=(const StopsAnswersOnly&) = delete;
  ~StopsAnswersOnly() { sigaction(SIGINT, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

class Chat {
 public:
  Chat(Conversation& conversation, generate::GenerateOptions options) : conversation_(conversation), options_(std::move(options)) {}

  /// One line of the user's; false to leave.
  bool take(const std::string& line) {
    try {
      if (line.starts_with('/')) return command(line);
      if (line.find_first_not_of(" \t\n") != std::string::npos)
        show([&](const auto& on_text) { return conversation_.say(line, options_, on_text); });
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kBug) throw;
      base::log(base::LogLevel::kError, error.what());
      failed_ = true;
    }
    return true;
  }
  /// Whether a line could not be done.
  bool failed() const { return failed_; }

 private:
  struct Row {
    const char *name, *argument, *help;
    bool (Chat::*run)(const std::string& argument);
  };
  static const Row kCommands[];

  bool command(const std::string& line) {
    size_t space = line.find(' ');
    std::string name = line.substr(0, space), argument = space == std::string::npos ? "" : line.substr(space + 1);
    for (const Row* row = kCommands; row->name; ++row)
      if (name == row->name) {
        if (*row->argument && argument.empty() && row->argument[0] != '[')
          base::input_error("cli.chat", {name + " needs something behind it", "", row->argument});
        return (this->*row->run)(argument);
      }
    std::vector<std::string> names;
    for (const Row* row = kCommands; row->name; ++row) names.emplace_back(row->name);
    std::string near = base::nearest_name(name, names);
    base::input_error("cli.chat", {"unknown command", name, "", near.empty() ? "/help" : near});
  }

  template <typename Say>
  void show(const Say& say) {
    Conversation::Answer answer = say([](std::string_view piece) {
      print(piece);
      return !base::stop_requested();
    });
    print("\n");
    base::clear_stop();
    ++options_.seed;  // another answer to the same words
    const size_t n = answer.result.ids.size();
    std::string speed = n > 1 && answer.seconds > 0
                            ? base::cat(", ", base::fixed(static_cast<double>(n - 1) / answer.seconds, 1), " tokens/s")
                            : "";
    std::string cut = answer.result.finish_reason == "length"      ? ", cut at its longest"
                      : !answer.begun                              ? ", stopped before the first word; your message is taken back"
                      : answer.result.finish_reason == "cancelled" ? ", stopped"
                                                                   : "";
    base::log(base::LogLevel::kInfo, base::cat("(", n, " tokens", speed, cut, "; ", answer.room, " of ", answer.context, " left)"));
  }

  bool help(const std::string&) {
    std::string text;
    for (const Row* row = kCommands; row->name; ++row) {
      std::string left = base::cat(row->name, *row->argument ? " " : "", row->argument);
      text += left + std::string(left.size() < 18 ? 18 - left.size() : 1, ' ') + row->help + "\n";
    }
    print(text + "A backslash at the end of a line joins it with the next. Ctrl-C stops an answer, Ctrl-D leaves.\n");
    return true;
  }
  bool system(const std::string& text) { return conversation_.set_system(text), true; }
  bool clear(const std::string&) { return conversation_.clear(), true; }
  bool regenerate(const std::string&) {
    show([&](const auto& on_text) { return conversation_.say_again(options_, on_text); });
    return true;
  }
  bool save(const std::string& file) {
    base::write_file(file, conversation_.messages().dump(2, ' ', false, base::Json::error_handler_t::replace) + "\n");
    return true;
  }
  bool load(const std::string& file) {
    conversation_.set_messages(base::read_json_file(file, "cli.chat", {.depth = 64, .bytes = size_t{64} << 20}));
    return true;
  }
  bool quit(const std::string&) { return false; }

  Conversation& conversation_;
  generate::GenerateOptions options_;
  bool failed_ = false;
};

const Chat::Row Chat::kCommands[] = {
    {"/help", "", "this list", &Chat::help},
    {"/system", "[TEXT]", "set the system message; nothing behind it removes it", &Chat::system},
    {"/regenerate", "", "answer the last message once more", &Chat::regenerate},
    {"/clear", "", "forget the conversation, not the system message", &Chat::clear},
    {"/save", "FILE", "write the conversation as JSON", &Chat::save},
    {"/load", "FILE", "go on with a conversation that was saved", &Chat::load},
    {"/quit", "", "leave (Ctrl-D too)", &Chat::quit},
    {nullptr, nullptr, nullptr, nullptr},
};

/// What generation_config.json says of sampling, where the command line does not.
void take_model_settings(const Flags& flags, const RunningModel& model, generate::GenerateOptions& options) {
  if (!model.folder.generation_config) return;
  const base::Json& config = *model.folder.generation_config;
  auto number = [&](const char* flag, const char* key, double& value) {
    if (auto found = config.find(key); !flags.given(flag) && found != config.end() && found->is_number())
      value = found->get<double>();
  };
  number("--temperature", "temperature", options.temperature);
  number("--top-p", "top_p", options.top_p);
  number("--repetition-penalty", "repetition_penalty", options.repetition_penalty);
}

int run(const Flags& flags, const Arguments& a, const Invocation& call) {
  RunningModel model = open_model(a.model, call.everywhere.dtype);
  auto tokenizer = model.tokenizer();
  text::ChatTemplate chat_template = chat_template_of(model, *tokenizer, a.chat_template);
  Conversation conversation(model, std::move(chat_template), std::move(tokenizer));
  generate::GenerateOptions options = a.options;
  take_model_settings(flags, model, options);
  if (!a.system.empty()) conversation.set_system(a.system);

  StopsAnswersOnly signals;
  LineInput input(chat_history_path());
  if (input.is_terminal())
    print(base::cat("Talking with ", model.folder.path.filename().string(), ". /help lists the commands, Ctrl-D leaves.\n"));
  Chat chat(conversation, options);
  while (auto line = input.next()) {
    const bool goes_on = chat.take(*line);
    base::clear_stop();
    if (!goes_on) break;
  }
  base::clear_stop();
  return chat.failed() && !input.is_terminal() ? 2 : 0;
}

}  // namespace

Run declare_chat(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  declare_model(flags, a->model);
  flags.text("--system", a->system, {.help = "the system message", .other_names = {"system_prompt"}});
  flags.text("--chat-template", a->chat_template,
             {.help = "a file with a template to use instead of the model's", .other_names = {"chat_template_file"}});
  flags.options(base::visit_of(a->options),
                {"max_new_tokens -n --predict", "temperature --temp", "repetition_penalty --repeat-penalty", "seed -s"});
  return [a, &flags](const Invocation& call) { return run(flags, *a, call); };
}

}  // namespace athanor::app

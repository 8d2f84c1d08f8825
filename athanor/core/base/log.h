#pragma once
// The library speaks through one sink that the program gives it. Without a sink it is silent.

#include <functional>
#include <string>
#include <string_view>

namespace athanor::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

using LogSink = std::function<void(LogLevel level, std::string_view message)>;
void set_log_sink(LogSink sink);
void log(LogLevel level, std::string_view message);
inline void log_info(std::string_view message) { log(LogLevel::kInfo, message); }
inline void log_warning(std::string_view message) { log(LogLevel::kWarning, message); }

}  // namespace athanor::base

#include "athanor/core/base/log.h"

#include <mutex>

namespace athanor::base {
namespace {

std::mutex log_mutex;
LogSink& sink() {
  static LogSink the_sink;
  return the_sink;
}

}  // namespace

void set_log_sink(LogSink new_sink) {
  std::lock_guard lock(log_mutex);
  sink() = std::move(new_sink);
}

void log(LogLevel level, std::string_view message) {
  std::lock_guard lock(log_mutex);  // held while the sink runs, so that lines never mix
  if (sink()) sink()(level, message);
}

}  // namespace athanor::base

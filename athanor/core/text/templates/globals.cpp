#include "athanor/core/text/templates/globals.h"

#include <ctime>

#include "athanor/core/base/utf8.h"
#include "athanor/core/text/templates/function.h"
#include "athanor/core/text/templates/items.h"
#include "athanor/core/text/templates/namespace.h"
#include "athanor/core/text/templates/represent.h"

namespace athanor::text::templates {
namespace {

int64_t range_length(int64_t start, int64_t stop, int64_t step) {
  __extension__ using Wide = __int128;
  Wide span = step > 0 ? static_cast<Wide>(stop) - start : static_cast<Wide>(start) - stop;
  Wide stride = step > 0 ? static_cast<Wide>(step) : -static_cast<Wide>(step);
  Wide length = span > 0 ? (span - 1) / stride + 1 : 0;
  if (length > kMostRange) fault("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
  return static_cast<int64_t>(length);
}

Value range(Interpreter&, const Given& given) {
  for (size_t i = 0; i < 3; ++i)
    if (given.has(i) && !given[i].is_whole())
      fault(given[i].is_undefined() ? given[i].text() : "'" + type_name(given[i]) + "' object cannot be interpreted as an integer");
  const int64_t start = given.has(1) ? given[0].whole() : 0, stop = given[given.has(1) ? 1 : 0].whole(), step = given.whole(2, 1);
  if (step == 0) fault("range() arg 3 must not be zero");
  return Value::range(start, stop, step, range_length(start, stop, step));
}

Value dict(Interpreter& in, const Given& given) {
  Arguments& all = given.all();
  if (all.positional.size() > 1) fault("dict expected at most 1 argument");
  Dict out;
  if (!all.positional.empty()) out = dict_from(in, all.positional[0]);
  for (auto& [name, value] : all.keyword) out.set(name, value);
  return Value::dict(std::move(out));
}

Value raise(Interpreter& in, const Given& given) { fault(str_of(given[0], in.budget())); }

Value time_text(Interpreter& in, const Given& given) {
  const std::string& format = given.text(0);
  if (format.size() > 1000) fault("the time's format is too long");
  std::time_t seconds = in.now() ? static_cast<std::time_t>(*in.now()) : std::time(nullptr);
  std::tm local{};
  localtime_r(&seconds, &local);
  std::string out(16384, '\0');
  out.resize(std::strftime(out.data(), out.size(), format.c_str(), &local));
  if (base::invalid_utf8(out) != std::string::npos) fault("the time's format gives no text");
  return Value::string(std::move(out));
}

}  // namespace

void declare_globals(Interpreter& interpreter) {
  Scope& scope = interpreter.globals();
  auto declare = [&scope](const char* name, const char* parameters, Body body) {
    scope.set(name, function(name, parameters, std::move(body)));
  };
  declare("cycler", "*", [](Interpreter& in, const Given& given) { return make_cycler(in, given.all()); });
  declare("dict", "*", dict);
  declare("joiner", "*", [](Interpreter& in, const Given& given) { return make_joiner(in, given.all()); });
  declare("namespace", "*", [](Interpreter& in, const Given& given) { return make_namespace(in, given.all()); });
  declare("raise_exception", "message", raise);
  declare("range", "start stop? step?", range);
  declare("strftime_now", "format", time_text);
}

}  // namespace athanor::text::templates

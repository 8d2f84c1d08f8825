#include "athanor/run/http/head.h"
#include "tests/testing/fuzz.h"

using namespace athanor::http;

// What is taken is a plain question for a path below the root, of one host of this machine.
ATH_FUZZ_TARGET(http_head) {
  const HeadLimits limits;
  if (!look_at_bytes(input.substr(0, limits.bytes), limits).reason.empty()) return;
  const size_t end = input.find("\r\n\r\n");
  if (end == std::string_view::npos || end + 4 > limits.bytes) return;
  const auto split = split_head(input.substr(0, end + 4), limits);
  if (!split) return;
  const auto read = read_head(*split, limits, {});
  const auto* request = std::get_if<Request>(&read);
  if (!request) return;
  ATH_FUZZ_CHECK(request->path.starts_with('/') && request->path.find("/../") == std::string::npos);
  ATH_FUZZ_CHECK(!request->path.ends_with("/..") && request->path.find('\0') == std::string::npos);
  ATH_FUZZ_CHECK(request->method == "GET" || request->method == "HEAD");
  ATH_FUZZ_CHECK(!request->header("Transfer-Encoding") && request->headers.size() <= limits.fields);
  ATH_FUZZ_CHECK(!request->header("Host") || host_allowed(*request->header("Host"), {}));
}

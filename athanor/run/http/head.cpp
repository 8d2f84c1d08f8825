#include "athanor/run/http/head.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace athanor::http {
namespace {

Refusal bad(const char* reason) { return {400, reason}; }

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kMarks.find(c) != std::string_view::npos;
  });
}

bool has_control(std::string_view line) {
  return std::any_of(line.begin(), line.end(),
                     [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

/// METHOD TARGET HTTP/1.x with one blank between them.
Refusal look_at_request_line(std::string_view line, const HeadLimits& limits) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) return bad("no request line");
  const std::string_view target = line.substr(first + 1, last - first - 1), version = line.substr(last + 1);
  if (!version.starts_with("HTTP/")) return bad("no request line");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return {505, "HTTP/1.1 or 1.0"};
  if (target.size() > limits.target) return {414, "the address is too long"};
  if (target.empty() || target.find_first_of(" \t") != std::string_view::npos) return bad("blanks in the address");
  return {0, ""};
}

Refusal look_at_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return bad("a folded field");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad("a field without a name");
  return {0, ""};
}

std::string_view part_before(std::string_view text, char mark) { return text.substr(0, std::min(text.find(mark), text.size())); }

/// Path and parameters of "/a/b?c=d&e".
std::optional<Refusal> read_target(std::string_view target, Request& request) {
  if (!target.starts_with('/')) return bad("the address must begin with /");
  if (target.find('#') != std::string_view::npos) return bad("a fragment in the address");
  const std::string_view raw_path = part_before(target, '?');
  auto path = percent_decoded(raw_path, false);
  if (!path || path->find('\\') != std::string::npos) return bad("a broken address");
  for (size_t begin = 1; begin <= path->size();) {
    const size_t end = std::min(path->find('/', begin), path->size());
    const std::string_view part = std::string_view(*path).substr(begin, end - begin);
    if (part == "." || part == "..") return bad("an address that climbs");
    begin = end + 1;
  }
  request.path = *path;
  std::string_view query = target.substr(std::min(raw_path.size() + 1, target.size()));
  while (!query.empty()) {
    const std::string_view pair = part_before(query, '&'), name = part_before(pair, '=');
    auto key = percent_decoded(name, true), value = percent_decoded(pair.substr(std::min(name.size() + 1, pair.size())), true);
    if (!key || !value) return bad("broken parameters");
    request.parameters.push_back({*key, *value});
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return std::nullopt;
}

bool says(const std::string* list, std::string_view word) {
  if (!list) return false;
  std::string text = *list;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text.find(word) != std::string::npos;
}

/// This server reads no bodies: whatever announces one is refused, so that its bytes are never taken for a request.
std::optional<Refusal> look_at_framing(const Request& request) {
  if (request.header("Transfer-Encoding")) return bad("Transfer-Encoding on a request without a body");
  for (const Header& field : request.headers)
    if (field.name.size() == 14 && says(&field.name, "content-length") && field.value != "0")
      return Refusal{413, "a request with a body"};
  if (request.header("Expect")) return Refusal{417, "Expect"};
  return std::nullopt;
}

}  // namespace

Refusal look_at_bytes(std::string_view head, const HeadLimits& limits) {
  size_t fields = 0;
  for (size_t begin = 0; begin < head.size();) {
    const size_t end = head.find('\n', begin);
    const bool whole = end != std::string_view::npos;
    std::string_view line = head.substr(begin, whole ? end - begin : std::string_view::npos);
    if (whole && !line.ends_with('\r')) return bad("a line that does not end in CR LF");
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (has_control(line)) return bad("a control character");
    if (!whole) return begin == 0 && line.size() > limits.target + 64 ? Refusal{414, "the address is too long"} : Refusal{0, ""};
    if (line.empty()) return begin == 0 ? bad("no request line") : Refusal{0, ""};
    Refusal refusal = begin == 0 ? look_at_request_line(line, limits) : look_at_field(line);
    if (!refusal.reason.empty()) return refusal;
    if (begin > 0 && ++fields > limits.fields) return {431, "too many fields"};
    begin = end + 1;
  }
  return {0, ""};
}

bool host_allowed(std::string_view host, const HostRule& rule) {
  std::string name;
  std::string_view port;
  if (host.starts_with('[')) {
    const size_t close = host.find(']');
    if (close == std::string_view::npos) return false;
    name = host.substr(1, close - 1), port = host.substr(close + 1);
  } else {
    const size_t colon = std::min(host.find(':'), host.size());
    name = host.substr(0, colon), port = host.substr(colon);
  }
  if (!port.empty()) {
    unsigned number = 0;
    auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
    if (port.front() != ':' || error != std::errc() || end != port.data() + port.size() || number > 65535) return false;
  }
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  in_addr four{};
  in6_addr six{};
  if (host.starts_with('['))
    return inet_pton(AF_INET6, name.c_str(), &six) == 1 && (!rule.loopback_only || IN6_IS_ADDR_LOOPBACK(&six));
  if (name == "localhost" || std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end()) return true;
  return inet_pton(AF_INET, name.c_str(), &four) == 1 && (!rule.loopback_only || name.starts_with("127."));
}

std::variant<Request, Refusal> read_head(const SplitHead& head, const HeadLimits& limits, const HostRule& hosts) {
  Request request;
  request.method = head.method, request.headers = head.fields;
  request.chunks = head.version >= 11;
  const std::string* connection = request.header("Connection");
  request.keep_alive = head.version >= 11 ? !says(connection, "close") : says(connection, "keep-alive");
  if (head.fields.size() > limits.fields) return Refusal{431, "too many fields"};
  if (request.method != "GET" && request.method != "HEAD") return Refusal{405, "GET or HEAD"};
  if (auto refusal = look_at_framing(request)) return *refusal;
  size_t named = 0;
  for (const Header& field : head.fields) named += field.name.size() == 4 && says(&field.name, "host") ? 1 : 0;
  if (named > 1 || (named == 0 && head.version >= 11)) return bad("one Host is needed");
  if (named == 1 && !host_allowed(*request.header("Host"), hosts)) return Refusal{421, "this server does not answer to that Host"};
  if (auto refusal = read_target(head.target, request)) return *refusal;
  return request;
}

}  // namespace athanor::http

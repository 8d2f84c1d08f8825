#include "athanor/run/http/message.h"

#include <algorithm>

#include "athanor/core/base/cat.h"

namespace athanor::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Whether a list of entity tags ("a", W/"b", *) has this one.
bool has_tag(std::string_view list, std::string_view tag) {
  if (list == "*") return true;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
  for (const Header& h : headers)
    if (same_name(h.name, name)) return &h.value;
  return nullptr;
}

const std::string* Request::parameter(std::string_view name) const {
  for (const Header& p : parameters)
    if (p.name == name) return &p.value;
  return nullptr;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
      c = static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    out += c;
  }
  return out;
}

void answer_condition(const Request& request, Response& response) {
  const std::string* wanted = request.header("If-None-Match");
  if (!wanted || response.status != 200) return;
  for (const Header& h : response.headers)
    if (h.name == "ETag" && has_tag(*wanted, h.value)) response.status = 304, response.body.clear(), response.next_piece = nullptr;
}

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Answer";
  }
}

Response refusal_response(int status, const std::string& reason) {
  Response response{status, "text/plain; charset=utf-8", base::cat(reason_of(status), ": ", reason, "\n")};
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  if (status == 405) response.headers.push_back({"Allow", "GET, HEAD"});
  if (status == 429 || status == 503) response.headers.push_back({"Retry-After", "1"});
  return response;
}

std::string head_text(const Request& request, const Response& response) {
  std::string text = base::cat("HTTP/1.1 ", response.status, " ", reason_of(response.status), "\r\n");
  if (response.status != 304) {
    text += "Content-Type: " + response.type + "\r\n";
    if (!response.next_piece)
      text += base::cat("Content-Length: ", response.body.size(), "\r\n");
    else if (request.chunks)
      text += "Transfer-Encoding: chunked\r\n";
  }
  for (const Header& h : response.headers) text += h.name + ": " + h.value + "\r\n";
  text += request.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  return text + "\r\n";
}

}  // namespace athanor::http

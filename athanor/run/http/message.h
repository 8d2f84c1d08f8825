#pragma once
// A request that was understood, and what is answered.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::http {

struct Header {
  std::string name, value;
};

struct Request {
  std::string method;  // "GET" or "HEAD"
  std::string path;    // decoded; begins with '/', has no "." or ".." part and no control character
  std::vector<Header> parameters;
  std::vector<Header> headers;
  bool keep_alive = true;
  bool chunks = true;  // the client reads Transfer-Encoding: chunked (HTTP/1.1)

  /// nullptr where there is none; names of headers are compared without regard to case.
  const std::string* header(std::string_view name) const;
  const std::string* parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<Header> headers = {};
  /// Where set, `body` is not used: the body, of no known length, is what this gives until it gives nothing.
  std::function<std::string()> next_piece = {};
};

/// "/a%20b" -> "/a b"; nothing where an escape is broken or gives a control character.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank);
/// 304 without a body where the request has the ETag of the response already.
void answer_condition(const Request& request, Response& response);
/// Status line and headers, with the empty line.
std::string head_text(const Request& request, const Response& response);
/// A line of text that says why not.
Response refusal_response(int status, const std::string& reason);
/// "Not Found".
const char* reason_of(int status);

}  // namespace athanor::http

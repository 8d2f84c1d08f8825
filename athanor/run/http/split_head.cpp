#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "athanor/run/http/head.h"

namespace athanor::http {

std::optional<SplitHead> split_head(std::string_view text, const HeadLimits& limits) {
  namespace beast = boost::beast;
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(static_cast<uint32_t>(limits.bytes));
  parser.body_limit(boost::none);  // a body is refused by read_head, with its own answer
  beast::error_code error;
  parser.put(boost::asio::buffer(text.data(), text.size()), error);
  if (error || !parser.is_header_done()) return std::nullopt;
  const auto& message = parser.get();
  SplitHead head;
  head.method = message.method_string(), head.target = message.target(), head.version = static_cast<int>(message.version());
  for (const auto& field : message) head.fields.push_back({field.name_string(), field.value()});
  return head;
}

}  // namespace athanor::http

#include <gtest/gtest.h>

#include "athanor/run/http/head.h"
#include "athanor/run/http/rate_limit.h"

namespace athanor::http {
namespace {

Request good(const std::string& target) {
  auto read = read_head({"GET", target, 11, {{"Host", "localhost:6006"}}}, {}, {});
  EXPECT_TRUE(std::holds_alternative<Request>(read)) << target << ": " << std::get<Refusal>(read).reason;
  return std::get<Request>(read);
}

int status(const SplitHead& head) {
  auto read = read_head(head, {}, {});
  auto* refusal = std::get_if<Refusal>(&read);
  return refusal ? refusal->status : 200;
}

TEST(Head, PathAndParametersAreDecoded) {
  const Request request = good("/api/runs/a%20b?names=loss%2Clr&empty&x=1+2&=z");
  EXPECT_EQ(request.path, "/api/runs/a b");
  EXPECT_EQ(*request.parameter("names"), "loss,lr");
  EXPECT_EQ(*request.parameter("empty"), "");
  EXPECT_EQ(*request.parameter("x"), "1 2");
  EXPECT_EQ(request.parameter("none"), nullptr);
  EXPECT_EQ(*request.header("hOST"), "localhost:6006");
}

TEST(Head, AddressesThatAreRefused) {
  for (const char* target : {"", "*", "http://localhost/", "a", "/..", "/a/../b", "/%2e%2e/etc/passwd", "/a/%2E/b", "/a%00b",
                             "/a%0ab", "/%zz", "/%2", "/a\\b", "/%5c..%5c", "/a#b", "/a?b=%zz", "//../x"})
    EXPECT_EQ(status({"GET", target, 11, {{"Host", "localhost"}}}), 400) << target;
}

TEST(Head, HostsOfThisMachineOnly) {
  for (const char* host : {"localhost", "localhost:6006", "LOCALHOST:1", "127.0.0.1:80", "127.9.9.9", "[::1]:6006", "[::1]"})
    EXPECT_TRUE(host_allowed(host, {})) << host;
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "evil.example:6006", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "[::1",
        "localhost:", "localhost:x", "localhost:99999999", "localhost:80:80", "::1", "127.1", "[::1]x", "local host"})
    EXPECT_FALSE(host_allowed(host, {})) << host;
}

TEST(Head, OnANetworkAddressesInFiguresAndOwnNames) {
  const HostRule rule{false, {"box"}};
  for (const char* host : {"192.168.1.2:6006", "[fe80::1]:6006", "box:6006", "Box"}) EXPECT_TRUE(host_allowed(host, rule)) << host;
  for (const char* host : {"evil.example", "box.evil.example", "999.1.1.1", "[box]"})
    EXPECT_FALSE(host_allowed(host, rule)) << host;
}

TEST(Head, BytesAreLookedAtWhileTheyCome) {
  EXPECT_EQ(look_at_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n", {}).status, 0);
  EXPECT_EQ(look_at_bytes("GE", {}).status, 0);
  EXPECT_EQ(look_at_bytes("GET / HTTP/1.1\r\nHo", {}).status, 0);
  EXPECT_EQ(look_at_bytes("GET / HTTP/1.1\n", {}).status, 400);
  EXPECT_EQ(look_at_bytes("GET /\r\n", {}).status, 400);
  EXPECT_EQ(look_at_bytes(std::string("GET / HTTP/1.1\r\nA: \0", 20), {}).status, 400);
  EXPECT_EQ(look_at_bytes("\x16\x03\x01", {}).status, 400);
}

TEST(RateLimit, RefillsWithTime) {
  RateLimit limit(2);
  const RateLimit::Clock::time_point begin{};
  int allowed = 0;
  for (int i = 0; i < 10; ++i) allowed += limit.allow("a", begin);
  EXPECT_EQ(allowed, 4);
  EXPECT_TRUE(limit.allow("b", begin));
  EXPECT_TRUE(limit.allow("a", begin + std::chrono::milliseconds(600)));
  EXPECT_FALSE(limit.allow("a", begin + std::chrono::milliseconds(700)));
  for (int i = 0; i < 5000; ++i) limit.allow(std::to_string(i), begin);
}

TEST(Message, EntityTags) {
  for (const auto& [wanted, answer] : std::vector<std::pair<std::string, int>>{{"\"a\"", 304},
                                                                               {"W/\"a\"", 304},
                                                                               {"\"b\", \"a\"", 304},
                                                                               {"*", 304},
                                                                               {"\"b\"", 200},
                                                                               {"a", 200},
                                                                               {"", 200},
                                                                               {",,,", 200}}) {
    Request request;
    request.headers.push_back({"if-none-match", wanted});
    Response response;
    response.headers.push_back({"ETag", "\"a\""});
    response.body = "text";
    answer_condition(request, response);
    EXPECT_EQ(response.status, answer) << wanted;
    EXPECT_EQ(response.body.empty(), answer == 304) << wanted;
  }
}

}  // namespace
}  // namespace athanor::http

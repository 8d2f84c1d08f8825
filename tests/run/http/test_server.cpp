// The server over real sockets: requests of every wrong kind, slow clients, many clients.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/run/http/server.h"
#include "tests/run/http/raw_client.h"

namespace athanor::http {
namespace {

Response answer(const Request& request) {
  if (request.path == "/throw") base::bug("test", {"on purpose"});
  Response response;
  response.body = request.path;
  response.headers.push_back({"ETag", "\"1\""});
  if (request.path == "/large") response.body.assign(50 << 20, 'x');
  if (request.path == "/pieces")
    response.next_piece = [n = 0]() mutable { return ++n <= 3 ? std::string(static_cast<size_t>(n), 'p') : std::string(); };
  return response;
}

class Running {
 public:
  explicit Running(ServerOptions options = {})
      : server_(options, answer), thread_([this] { server_.run([this] { return over_.load(); }); }) {}
  ~Running() {
    over_ = true;
    thread_.join();
  }
  int port() const { return server_.port(); }
  std::string ask(std::string_view bytes, double seconds = 10) const {
    RawClient client(port());
    client.send(bytes);
    return client.read(seconds);
  }

 private:
  Server server_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

std::string get(const std::string& path, const std::string& more = "Connection: close\r\n") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

int status_of(const std::string& text) { return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9, 3)) : 0; }

struct RawCase {
  const char* name;
  std::string bytes;
  int status;
};

std::string repeated(const std::string& text, int n) {
  std::string all;
  for (int i = 0; i < n; ++i) all += text;
  return all;
}

const std::string kHost = "Host: localhost\r\n";
const std::string kClose = "Connection: close\r\n\r\n";

std::vector<RawCase> raw_cases() {
  const std::string line = "GET / HTTP/1.1\r\n", head = line + kHost;
  return {
      {"plain", head + kClose, 200},
      {"1.0", "GET / HTTP/1.0\r\n\r\n", 200},
      {"1.0 with host", "GET / HTTP/1.0\r\n" + kHost + "\r\n", 200},
      {"HEAD", "HEAD /abc HTTP/1.1\r\n" + kHost + kClose, 200},
      {"a body of none", head + "Content-Length: 0\r\n" + kClose, 200},
      {"TE and CL", head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400},
      {"TE gzip", head + "Transfer-Encoding: gzip\r\n" + kClose, 400},
      {"TE xchunked", head + "Transfer-Encoding: xchunked\r\n" + kClose, 400},
      {"TE chunked, identity", head + "Transfer-Encoding: chunked, identity\r\n" + kClose, 400},
      {"TE chunked", head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"CL 5", head + "Content-Length: 5\r\n\r\nabcde", 413},
      {"CL twice", head + "Content-Length: 0\r\nContent-Length: 5\r\n" + kClose, 400},
      {"CL +5", head + "Content-Length: +5\r\n" + kClose, 400},
      {"CL -1", head + "Content-Length: -1\r\n" + kClose, 400},
      {"CL 0x5", head + "Content-Length: 0x5\r\n" + kClose, 400},
      {"CL 5, 5", head + "Content-Length: 5, 5\r\n" + kClose, 413},
      {"CL huge", head + "Content-Length: 99999999999999999999999\r\n" + kClose, 400},
      {"bare LF", "GET / HTTP/1.1\nHost: localhost\n\n", 400},
      {"bare CR", "GET / HTTP/1.1\rHost: localhost\r\r", 400},
      {"blank before colon", line + "Host : localhost\r\n" + kClose, 400},
      {"folded", head + "X: a\r\n b\r\n" + kClose, 400},
      {"folded at once", line + " Host: localhost\r\n" + kClose, 400},
      {"NUL", head + std::string("X: a\0b\r\n", 8) + kClose, 400},
      {"no name", head + ": x\r\n" + kClose, 400},
      {"no colon", head + "what\r\n" + kClose, 400},
      {"no host", line + kClose, 400},
      {"two hosts", head + kHost + kClose, 400},
      {"a foreign host", line + "Host: evil.example\r\n" + kClose, 421},
      {"a rebound host", line + "Host: localhost.evil.example:6006\r\n" + kClose, 421},
      {"an empty host", line + "Host:\r\n" + kClose, 421},
      {"absolute address", "GET http://localhost/ HTTP/1.1\r\n" + kHost + kClose, 400},
      {"star", "OPTIONS * HTTP/1.1\r\n" + kHost + kClose, 405},
      {"climbing", "GET /../../etc/passwd HTTP/1.1\r\n" + kHost + kClose, 400},
      {"climbing in escapes", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + kHost + kClose, 400},
      {"NUL in an escape", "GET /a%00.js HTTP/1.1\r\n" + kHost + kClose, 400},
      {"0.9", "GET /\r\n", 400},
      {"2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"3.7", "GET / HTTP/3.7\r\n" + kHost + kClose, 505},
      {"POST", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 0\r\n" + kClose, 405},
      {"DELETE", "DELETE / HTTP/1.1\r\n" + kHost + kClose, 405},
      {"CONNECT", "CONNECT localhost:1 HTTP/1.1\r\n" + kHost + kClose, 405},
      {"lower case", "get / HTTP/1.1\r\n" + kHost + kClose, 405},
      {"Expect", head + "Expect: 100-continue\r\n" + kClose, 417},
      {"two blanks", "GET  / HTTP/1.1\r\n" + kHost + kClose, 400},
      {"blank in the address", "GET /a b HTTP/1.1\r\n" + kHost + kClose, 400},
      {"an empty line first", "\r\nGET / HTTP/1.1\r\n" + kHost + kClose, 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
      {"9 KiB address", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + kHost + kClose, 414},
      {"address without an end", "GET /" + std::string(12000, 'a'), 414},
      {"101 fields", head + repeated("X: y\r\n", 100) + "\r\n", 431},
      {"17 KiB field", head + "X: " + std::string(17000, 'a') + "\r\n" + kClose, 431},
      {"an error of the handler", get("/throw"), 500},
  };
}

TEST(Server, RequestsOfEveryKind) {
  base::set_log_sink({});
  Running server;
  for (const RawCase& c : raw_cases()) {
    const std::string got = server.ask(c.bytes);
    EXPECT_EQ(status_of(got), c.status) << c.name << ": " << got.substr(0, 200);
  }
  EXPECT_EQ(status_of(server.ask(get("/still-there"))), 200);
}

TEST(Server, KeepsAConnectionAndAnswersInOrder) {
  Running server;
  RawClient client(server.port());
  std::string ten;
  for (int i = 0; i < 10; ++i) ten += get("/n" + std::to_string(i), i == 9 ? "Connection: close\r\n" : "");
  client.send(ten);
  const std::string got = client.read();
  size_t at = 0;
  for (int i = 0; i < 10; ++i) {
    at = got.find("\r\n\r\n/n" + std::to_string(i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_TRUE(client.closed());
}

TEST(Server, HeadAndConditions) {
  Running server;
  const std::string head = server.ask("HEAD /abc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 4\r\n"), std::string::npos) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
  const std::string same = server.ask(get("/abc", "Connection: close\r\nIf-None-Match: \"1\"\r\n"));
  EXPECT_EQ(status_of(same), 304);
  EXPECT_TRUE(same.ends_with("\r\n\r\n")) << same;
}

TEST(Server, BodiesInPieces) {
  Running server;
  const std::string chunked = server.ask(get("/pieces"));
  EXPECT_NE(chunked.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << chunked;
  EXPECT_TRUE(chunked.ends_with("\r\n\r\n1\r\np\r\n2\r\npp\r\n3\r\nppp\r\n0\r\n\r\n")) << chunked;
  const std::string plain = server.ask("GET /pieces HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(plain.ends_with("\r\n\r\npppppp")) << plain;
}

TEST(Server, ASlowHeadIsCutOff) {
  ServerOptions options;
  options.head_time = std::chrono::milliseconds(300);
  Running server(options);
  RawClient client(server.port());
  client.send("GET / HT");
  for (int i = 0; i < 20 && client.send("T"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(client.read(5), "");
  EXPECT_TRUE(client.closed());
}

TEST(Server, AnIdleConnectionIsClosed) {
  ServerOptions options;
  options.idle_time = std::chrono::milliseconds(200);
  Running server(options);
  RawClient client(server.port());
  EXPECT_EQ(client.read(5), "");
  EXPECT_TRUE(client.closed());
}

TEST(Server, AReaderThatDoesNotReadIsCutOffAndHindersNobody) {
  ServerOptions options;
  options.write_time = std::chrono::milliseconds(500);
  Running server(options);
  RawClient lazy(server.port());
  lazy.send(get("/large"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(status_of(server.ask(get("/other"))), 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_LT(lazy.read().size(), size_t{50} << 20);
  EXPECT_TRUE(lazy.closed());
}

TEST(Server, AClientThatLeavesHindersNobody) {
  Running server;
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.port());
    client.send(i % 2 ? get("/large") : "GET / HTTP");
  }
  EXPECT_EQ(status_of(server.ask(get("/"))), 200);
}

TEST(Server, TooManyConnections) {
  ServerOptions options;
  options.connections = 3;
  Running server(options);
  RawClient one(server.port()), two(server.port()), three(server.port());
  three.send(get("/", ""));
  three.read(10, "\r\n\r\n/");
  EXPECT_EQ(status_of(server.ask(get("/"))), 503);
}

TEST(Server, TooManyRequests) {
  ServerOptions options;
  options.requests_per_second = 2;
  Running server(options);
  int refused = 0;
  for (int i = 0; i < 12; ++i) refused += status_of(server.ask(get("/"))) == 429;
  EXPECT_GE(refused, 1);
  EXPECT_LE(refused, 8);
}

TEST(Server, APortThatIsTakenIsTheUsersMistake) {
  Running server;
  ServerOptions options;
  options.port = server.port();
  try {
    Server second(options, answer);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_NE(std::string(error.what()).find("--port 0"), std::string::npos) << error.what();
  }
  options.host = "no.such.host";
  EXPECT_THROW(Server(options, answer), base::Error);
}

}  // namespace
}  // namespace athanor::http

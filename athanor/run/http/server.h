#pragma once
// A small HTTP/1.1 server that only reads: GET and HEAD, one thread for all connections and one for the handler. What a client may
// cost is bounded: bytes and seconds of a head, connections, requests per second, seconds without progress.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "athanor/run/http/head.h"
#include "athanor/run/http/message.h"

namespace athanor::http {

struct ServerOptions {
  std::string host = "127.0.0.1";  // an address in figures, or localhost
  int64_t port = 0;                // 0: one that is free
  HeadLimits head = {};
  std::vector<std::string> names = {};          // host names that it also answers to
  int64_t connections = 128;                    // more are told 503
  double requests_per_second = 200;             // of one address, with twice as many at once; more are told 429
  std::chrono::milliseconds head_time{10000};   // from the first byte of a head to its last
  std::chrono::milliseconds idle_time{75000};   // until the next request
  std::chrono::milliseconds write_time{30000};  // for each 64 KiB
};

/// Called on one thread, one request at a time. What it throws is answered with 500 and logged.
using Handler = std::function<Response(const Request& request)>;

class Server {
 public:
  /// Listens from here on. input_error where the address cannot be had.
  Server(const ServerOptions& options, Handler handler);
  ~Server();
  int port() const;
  /// "http://127.0.0.1:6006/"
  std::string url() const;
  /// Serves until `over`, asked ten times a second, says so.
  void run(const std::function<bool()>& over);

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
};

/// Whether the address is this machine's own loopback.
bool is_loopback(const std::string& host);

}  // namespace athanor::http

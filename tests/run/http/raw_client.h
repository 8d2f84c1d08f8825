#pragma once
// A client that sends what it is told, right or wrong.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

namespace athanor::http {

class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET, at.sin_port = htons(static_cast<uint16_t>(port)), at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { ::close(socket_); }

  bool send(std::string_view bytes) {
    while (open_ && !bytes.empty()) {
      ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) open_ = false;
      if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
    }
    return open_;
  }
  void end() { ::shutdown(socket_, SHUT_WR); }

  /// What comes until the other side closes, `text` has come, or `seconds` are over.
  std::string read(double seconds = 10, std::string_view until = {}) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    std::string got;
    char buffer[65536];
    while (std::chrono::steady_clock::now() < end) {
      if (!until.empty() && got.find(until) != std::string::npos) return got;
      pollfd poll{socket_, POLLIN, 0};
      if (::poll(&poll, 1, 50) <= 0) continue;
      ssize_t n = ::recv(socket_, buffer, sizeof buffer, 0);
      if (n <= 0) {
        closed_ = true;
        return got;
      }
      got.append(buffer, static_cast<size_t>(n));
    }
    return got;
  }
  bool closed() const { return closed_; }

 private:
  int socket_;
  bool open_ = false, closed_ = false;
};

}  // namespace athanor::http

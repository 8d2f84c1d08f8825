#include "athanor/run/http/server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/run/http/rate_limit.h"

namespace athanor::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr size_t kWriteAtOnce = 65536;
constexpr auto kLookAround = std::chrono::milliseconds(100);
constexpr auto kDrainTime = std::chrono::milliseconds(500);

struct Connection {
  explicit Connection(tcp::socket socket) : stream(std::move(socket)) {}
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  std::string address;
  std::string_view text() const { return {static_cast<const char*>(buffer.cdata().data()), buffer.size()}; }
};

std::string chunk_of(const std::string& piece) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  return size + piece + "\r\n";
}

}  // namespace

// g++ 12 destroys a braced temporary in a co_await expression twice, so what is passed on has a name.
class Server::Listener {
 public:
  Listener(const ServerOptions& options, Handler handler)
      : options_(options), handler_(std::move(handler)), rate_(options.requests_per_second), acceptor_(io_), worker_(1) {
    hosts_ = {is_loopback(options.host), options.names};
    listen();
  }
  ~Listener() { worker_.join(); }

  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  void run(const std::function<bool()>& over) {
    asio::co_spawn(io_, accept_all(), asio::detached);
    asio::co_spawn(io_, watch(over), asio::detached);
    io_.run();
  }

 private:
  void listen() {
    const std::string host = options_.host == "localhost" ? "127.0.0.1" : options_.host;
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) base::input_error("http.listen", {"no address", options_.host, "one in figures, as 127.0.0.1 or ::1"});
    const tcp::endpoint at(address, static_cast<uint16_t>(options_.port));
    try {
      acceptor_.open(at.protocol());
      acceptor_.set_option(asio::socket_base::reuse_address(true));
      acceptor_.bind(at);
      acceptor_.listen();
    } catch (const boost::system::system_error& failure) {
      base::input_error("http.listen", {base::cat("cannot listen on ", options_.host, " port ", options_.port),
                                        failure.code().message(), "", "another --port, or --port 0 for one that is free"});
    }
  }

  asio::awaitable<void> watch(const std::function<bool()>& over) {
    asio::steady_timer timer(io_);
    while (!over()) {
      timer.expires_after(kLookAround);
      co_await timer.async_wait(asio::use_awaitable);
    }
    io_.stop();
  }

  asio::awaitable<void> accept_all() {
    while (true) {
      beast::error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (!error) {
        asio::co_spawn(io_, serve(std::make_shared<Connection>(std::move(socket))), asio::detached);
        continue;
      }
      asio::steady_timer timer(io_, kLookAround);  // no descriptor is free
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  asio::awaitable<void> serve(std::shared_ptr<Connection> connection) {
    ++open_;
    try {
      co_await converse(*connection);
    } catch (const std::exception&) {
      connection->stream.close();  // the other side left, or its time is over
    }
    --open_;
  }

  /// Requests one after another, until one ends the connection.
  asio::awaitable<void> converse(Connection& c) {
    beast::error_code error;
    const tcp::endpoint remote = c.stream.socket().remote_endpoint(error);
    c.address = error ? "" : remote.address().to_string();
    if (open_ > options_.connections) {
      const Refusal full{503, "too many connections"};
      co_await refuse(c, full);
      co_return;
    }
    bool more = true;
    while (more) {
      const Refusal trouble = co_await read_bytes(c);
      if (!trouble.reason.empty()) {
        co_await refuse(c, trouble);
        co_return;
      }
      more = co_await answer_one(c);
    }
    co_await close(c);
  }

  /// Until the buffer holds a whole head, or what came is refused.
  asio::awaitable<Refusal> read_bytes(Connection& c) {
    bool begun = c.buffer.size() > 0;
    c.stream.expires_after(begun ? options_.head_time : options_.idle_time);
    while (true) {
      const std::string_view text = c.text();
      Refusal refusal = look_at_bytes(text.substr(0, options_.head.bytes), options_.head);
      if (!refusal.reason.empty()) co_return refusal;
      const size_t end = text.find("\r\n\r\n");
      if (end != std::string_view::npos && end + 4 <= options_.head.bytes) co_return Refusal{0, ""};
      if (text.size() >= options_.head.bytes) co_return Refusal{431, "the head is too long"};
      const size_t got = co_await c.stream.async_read_some(c.buffer.prepare(4096), asio::use_awaitable);
      c.buffer.commit(got);
      if (!begun) begun = true, c.stream.expires_after(options_.head_time);
    }
  }

  asio::awaitable<bool> answer_one(Connection& c) {
    const size_t size = c.text().find("\r\n\r\n") + 4;
    const std::optional<SplitHead> head = split_head(c.text().substr(0, size), options_.head);
    c.buffer.consume(size);
    std::variant<Request, Refusal> read = Refusal{400, "no HTTP request"};
    if (head) read = read_head(*head, options_.head, hosts_);
    if (auto* refusal = std::get_if<Refusal>(&read)) {
      co_await refuse(c, *refusal);
      co_return false;
    }
    Request& request = std::get<Request>(read);
    if (!rate_.allow(c.address)) {
      const Response slower = refusal_response(429, "too many requests");
      co_await write(c, request, slower);
      co_return request.keep_alive;
    }
    Response response = co_await asio::co_spawn(worker_, handle(request), asio::use_awaitable);
    answer_condition(request, response);
    if (response.next_piece && !request.chunks) request.keep_alive = false;
    co_await write(c, request, response);
    co_return request.keep_alive;
  }

  /// On the worker.
  asio::awaitable<Response> handle(const Request& request) {
    try {
      co_return handler_(request);
    } catch (const std::exception& error) {
      base::log_warning(base::cat(request.path, ": ", error.what()));
    }
    co_return refusal_response(500, "this request failed; the program's log says why");
  }

  /// On the worker.
  asio::awaitable<std::string> take_piece(const Response& response) { co_return response.next_piece(); }

  asio::awaitable<void> write(Connection& c, const Request& request, const Response& response) {
    const bool body = request.method != "HEAD" && response.status != 304;
    std::string text = head_text(request, response);
    if (body && !response.next_piece) text += response.body;
    co_await write_text(c, text);
    bool more = body && response.next_piece;
    while (more) {
      std::string piece = co_await asio::co_spawn(worker_, take_piece(response), asio::use_awaitable);
      more = !piece.empty();
      if (request.chunks) piece = chunk_of(piece);
      co_await write_text(c, piece);
    }
  }

  asio::awaitable<void> write_text(Connection& c, std::string_view text) {
    while (!text.empty()) {
      c.stream.expires_after(options_.write_time);
      const size_t now = std::min(text.size(), kWriteAtOnce);
      co_await asio::async_write(c.stream, asio::buffer(text.data(), now), asio::use_awaitable);
      text.remove_prefix(now);
    }
  }

  asio::awaitable<void> refuse(Connection& c, const Refusal& refusal) {
    Request none;
    none.method = "GET", none.keep_alive = false;
    const Response response = refusal_response(refusal.status, refusal.reason);
    co_await write(c, none, response);
    co_await close(c);
  }

  /// Says goodbye and reads for a moment what is still coming: closing at once would take the answer away with it.
  asio::awaitable<void> close(Connection& c) {
    beast::error_code error;
    error = c.stream.socket().shutdown(tcp::socket::shutdown_send, error);
    c.stream.expires_after(kDrainTime);
    for (size_t drained = 0; !error && drained < kWriteAtOnce;) {
      c.buffer.clear();
      drained += co_await c.stream.async_read_some(c.buffer.prepare(4096), asio::redirect_error(asio::use_awaitable, error));
    }
  }

  const ServerOptions options_;
  const Handler handler_;
  HostRule hosts_;
  RateLimit rate_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::thread_pool worker_;
  int64_t open_ = 0;
};

Server::Server(const ServerOptions& options, Handler handler)
    : listener_(std::make_unique<Listener>(options, std::move(handler))) {}
Server::~Server() = default;
int Server::port() const { return listener_->endpoint().port(); }
void Server::run(const std::function<bool()>& over) { listener_->run(over); }

std::string Server::url() const {
  const tcp::endpoint at = listener_->endpoint();
  const std::string address = at.address().to_string();
  return base::cat("http://", at.address().is_v6() ? "[" + address + "]" : address, ":", at.port(), "/");
}

bool is_loopback(const std::string& host) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  return host == "localhost" || (!error && address.is_loopback());
}

}  // namespace athanor::http

#pragma once
// What of a request's head is refused before anything looks at it. Beast splits the head, but its 1.81 lets through what an
// HTTP/1.1 server must not (folded fields, several Hosts, strange framing), so the bytes are looked at before it and the fields
// after it.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "athanor/run/http/message.h"

namespace athanor::http {

struct HeadLimits {
  size_t bytes = 16384;  // of the whole head
  size_t fields = 100;
  size_t target = 8192;  // bytes
};

/// Whom a request may be meant for. A page of another site that calls itself by our address (DNS rebinding) comes with its own
/// name.
struct HostRule {
  bool loopback_only = true;            // else any address in figures, too: a rebound name is never one
  std::vector<std::string> names = {};  // beside localhost
};

struct Refusal {
  int status;
  std::string reason;
};

/// A head as Beast splits it.
struct SplitHead {
  std::string method, target;
  int version = 11;
  std::vector<Header> fields;
};

/// Nothing where Beast finds fault. `text` ends with the empty line.
std::optional<SplitHead> split_head(std::string_view text, const HeadLimits& limits);
/// Looks at the bytes that came so far, whole or not: an empty reason where nothing is wrong yet.
Refusal look_at_bytes(std::string_view head, const HeadLimits& limits);
std::variant<Request, Refusal> read_head(const SplitHead& head, const HeadLimits& limits, const HostRule& hosts);
/// "localhost:6006", "[::1]", "192.168.1.2:80".
bool host_allowed(std::string_view host, const HostRule& rule);

}  // namespace athanor::http

// YAML out: block maps, everything inside a list in flow style; text is quoted where it would read as something else.

#include "athanor/core/base/node.h"
#include "athanor/core/base/scalar.h"

namespace athanor::base {
namespace {

bool is_plain(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/'; };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  if (text.empty() || !letter(text[0])) return false;
  for (char c : text)
    if (!inner(c)) return false;
  return true;
}

std::string quote(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string scalar_text(const Node& node) {
  if (node.kind == Node::Kind::kNull) return "null";
  Node unquoted = node;
  unquoted.quoted = false;
  const bool typed = is_null(unquoted) || as_boolean(unquoted) || as_number(unquoted);
  if (typed) return node.quoted ? quote(node.scalar) : node.scalar.empty() ? "null" : node.scalar;
  return is_plain(node.scalar) ? node.scalar : quote(node.scalar);
}

std::string key_text(const std::string& key) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.scalar = key;
  node.quoted = true;
  return scalar_text(node);
}

bool is_scalar(const Node& node) { return node.kind == Node::Kind::kScalar || node.kind == Node::Kind::kNull; }

std::string flow(const Node& node) {
  if (is_scalar(node)) return scalar_text(node);
  std::string out;
  for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + flow(item);
  for (const auto& [key, member] : node.members) out += (out.empty() ? "" : ", ") + key_text(key) + ": " + flow(member);
  return node.kind == Node::Kind::kList ? "[" + out + "]" : "{" + out + "}";
}

void block(const Node& map, const std::string& indent, std::string& out) {
  for (const auto& [key, member] : map.members) {
    out += indent + key_text(key) + ":";
    if (member.kind == Node::Kind::kMap && !member.members.empty()) {
      out += "\n";
      block(member, indent + "  ", out);
    } else {
      out += " " + flow(member) + "\n";
    }
  }
}

}  // namespace

std::string node_to_yaml(const Node& node) {
  std::string out;
  if (node.kind == Node::Kind::kMap && !node.members.empty()) {
    block(node, "", out);
    return out;
  }
  return flow(node) + "\n";
}

}  // namespace athanor::base

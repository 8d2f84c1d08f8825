#pragma once
// The bytes that a case of tests/malformed/gguf.cases describes; see the notes there.

#include <cstdint>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace athanor::testing {

class GgufText {
 public:
  static std::string bytes(const std::string& words) {
    GgufText out;
    std::istringstream text(words);
    for (std::string word; text >> word;) out.add(word);
    return out.file_;
  }

 private:
  template <typename T>
  void put(T value) {
    file_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put_text(const std::string& text) {
    put(static_cast<uint64_t>(text.size()));
    file_ += text;
  }
  static std::vector<std::string> cut(const std::string& text, char at) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
    return parts;
  }

  void add(const std::string& word) {
    const size_t colon = word.find(':');
    const std::string kind = word.substr(0, colon), value = word.substr(colon + 1);
    if (kind == "raw") return void(file_ += value);
    if (kind == "text") return put_text(value);
    if (kind == "u8") return put(static_cast<uint8_t>(std::stoul(value)));
    if (kind == "u32") return put(static_cast<uint32_t>(std::stoul(value)));
    if (kind == "u64") return put(uint64_t{std::stoull(value)});
    if (kind == "f32") return put(std::stof(value));
    if (kind == "zeros") return void(file_.append(std::stoul(value), '\0'));
    if (kind == "pad") {
      const size_t to = std::stoul(value);
      return file_.resize((file_.size() + to - 1) / to * to);
    }
    const std::vector<std::string> parts = cut(value, ',');
    if (kind == "head") {
      file_ += "GGUF";
      put(uint32_t{3});
      put(uint64_t{std::stoull(parts.at(0))});
      return put(uint64_t{std::stoull(parts.at(1))});
    }
    if (kind != "tensor") throw std::runtime_error("not a word of gguf.cases: " + word);
    put_text(parts.at(0));
    const std::vector<std::string> sizes = cut(parts.at(1), 'x');
    put(static_cast<uint32_t>(sizes.size()));
    for (const std::string& size : sizes) put(uint64_t{std::stoull(size)});
    put(static_cast<uint32_t>(std::stoul(parts.at(2))));
    put(uint64_t{std::stoull(parts.at(3))});
  }

  std::string file_;
};

}  // namespace athanor::testing

#pragma once
// SentencePiece's precompiled map of characters: which texts of a few characters are rewritten, and to what. The bytes are the size
// of a double array (of the darts-clone library), its units, and the rewritten texts, each ended by a zero byte.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::text {

class Charsmap {
 public:
  /// nullopt where the bytes are not a map. The texts must be UTF-8.
  static std::optional<Charsmap> parse(std::string_view bytes);

  struct Match {
    size_t length;          // of what is rewritten
    std::string_view text;  // what it becomes; lives as long as the map
  };
  /// The longest, or the shortest, beginning of `text` that has a rule.
  std::optional<Match> longest(std::string_view text) const { return find(text, true); }
  std::optional<Match> shortest(std::string_view text) const { return find(text, false); }

  /// Whether some rule begins with this whole text, or is a beginning of it.
  bool begins_rule(std::string_view text) const;
  /// Whether some rule begins with this sign of ASCII alone, or with it and another one.
  bool rewrites_ascii(unsigned char sign) const;

 private:
  std::optional<Match> find(std::string_view text, bool longest) const;

  std::vector<uint32_t> units_;
  std::string texts_;
};

}  // namespace athanor::text

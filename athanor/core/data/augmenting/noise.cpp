// Letters of questions go wrong as in typing (Belinkov and Bisk 2018, "Synthetic and natural noise both break neural machine
// translation", arXiv:1711.02173): each letter, with the rates of the options,
//
//   typos      becomes a neighbour on the keyboard (the Latin letters only)
//   drops      is left out
//   swaps      changes places with the next letter of the word
//   capitals   changes between small and capital (the Latin letters only)
//
// The first character of a word and words of less than three characters stay. So does what is no prose: words with digits or signs
// of programs (names_with_, paths/, a@b, {{name}}), text between backquotes, and lines that begin with a tab or four spaces. A text
// without spaces between words (Chinese) is one long word, of which characters are dropped and swapped.

#include <algorithm>
#include <array>
#include <cctype>

#include "athanor/core/data/augmentation.h"
#include "athanor/core/data/words.h"

namespace athanor::data {
namespace {

constexpr std::string_view kRowsOfKeys[] = {"qwertyuiop", "asdfghjkl", "zxcvbnm"};
constexpr std::string_view kInProse = "'-.,;:!?\"()";

bool is_letter(std::string_view character) {
  return character.size() > 1 || std::isalpha(static_cast<unsigned char>(character[0])) != 0;
}

/// Prose is letters with the marks of sentences.
bool is_prose(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalpha(byte) || byte >= 0x80 || kInProse.find(c) != std::string_view::npos;
  });
}

char neighbour_of(char letter, base::Philox& random) {
  const char small = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  for (std::string_view row : kRowsOfKeys) {
    const size_t at = row.find(small);
    if (at == std::string_view::npos) continue;
    const bool left = at + 1 == row.size() || (at > 0 && random.below(2) == 0);
    const char key = row[left ? at - 1 : at + 1];
    return small == letter ? key : static_cast<char>(std::toupper(static_cast<unsigned char>(key)));
  }
  return letter;
}

class LetterNoise {
 public:
  explicit LetterNoise(const AugmentOptions& o)
      : typos_(o.typos), drops_(typos_ + o.drops), swaps_(drops_ + o.swaps), capitals_(swaps_ + o.capitals) {}

  void apply(std::string& text, base::Philox& random) const {
    std::string out;
    bool code = false;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      if (line.starts_with("    ") || line.starts_with('\t'))
        out += line;
      else
        add_line(line, code, random, out);
      begin = end;
    }
    text = std::move(out);
  }

 private:
  void add_line(std::string_view line, bool& code, base::Philox& random, std::string& out) const {
    constexpr std::string_view kBlanks = " \t\r\n";
    for (size_t at = 0; at < line.size();) {
      const bool blank = kBlanks.find(line[at]) != std::string_view::npos;
      const size_t end = std::min(blank ? line.find_first_not_of(kBlanks, at) : line.find_first_of(kBlanks, at), line.size());
      const std::string_view part = line.substr(at, end - at);
      const auto quotes = std::count(part.begin(), part.end(), '`');
      if (blank || code || quotes > 0 || !is_prose(part))
        out += part;
      else
        add_word(part, random, out);
      code = code != (quotes % 2 == 1);
      at = end;
    }
  }

  void add_word(std::string_view word, base::Philox& random, std::string& out) const {
    std::vector<std::string_view> characters = characters_of(word);
    if (characters.size() < 3) {
      out += word;
      return;
    }
    for (size_t i = 0; i < characters.size(); ++i) {
      const std::string_view c = characters[i];
      if (i == 0 || !is_letter(c)) {
        out += c;
        continue;
      }
      const double u = random.uniform64();
      if (u < typos_ && c.size() == 1) {
        out += neighbour_of(c[0], random);
      } else if (u >= typos_ && u < drops_) {
        continue;
      } else if (u >= drops_ && u < swaps_ && i + 1 < characters.size() && is_letter(characters[i + 1])) {
        (out += characters[i + 1]) += c;
        ++i;
      } else if (u >= swaps_ && u < capitals_ && c.size() == 1) {
        const auto byte = static_cast<unsigned char>(c[0]);
        out += static_cast<char>(std::islower(byte) ? std::toupper(byte) : std::tolower(byte));
      } else {
        out += c;
      }
    }
  }

  double typos_, drops_, swaps_, capitals_;  // sums: one number is drawn for each letter
};

}  // namespace

Rewrite make_letter_noise(const AugmentOptions& options) {
  if (options.typos + options.drops + options.swaps + options.capitals == 0) return nullptr;
  return [noise = LetterNoise(options)](std::string& text, base::Philox& random) { noise.apply(text, random); };
}

}  // namespace athanor::data

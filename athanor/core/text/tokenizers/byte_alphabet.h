#pragma once
// GPT-2's printable stand-ins for the 256 bytes: a byte that is a printable Latin-1 character stands for itself, the other 68
// become U+0100 and up in order. So a vocabulary of byte strings can be written as JSON text ("Ġthe" is " the"). Radford et al.
// 2019, `bytes_to_unicode` of the GPT-2 release.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::text {

/// The character that stands for a byte, as UTF-8 (one or two bytes).
std::string_view byte_char(unsigned char byte);
/// The byte that a character stands for; nullopt where it is none of the 256.
std::optional<unsigned char> byte_of_char(uint32_t code);

/// "<0x0A>": the token of a byte in vocabularies with byte fallback.
std::string byte_piece(unsigned char byte);

/// Bytes to stand-ins.
std::string to_byte_chars(std::string_view bytes);
/// Stand-ins to bytes; nullopt where a character is none of them.
std::optional<std::string> from_byte_chars(std::string_view text);

}  // namespace athanor::text

#include "athanor/learn/train/tfevents.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::train {
namespace {

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

template <typename T>
std::string little_endian(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

uint32_t masked_crc(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xa282ead8u; }

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

// Protobuf's fields: (number << 3 | wire type), then the value.
std::string varint_field(int number, int64_t value) {
  return varint(static_cast<uint64_t>(number) << 3) + varint(static_cast<uint64_t>(value));
}
std::string double_field(int number, double value) { return varint(static_cast<uint64_t>(number) << 3 | 1) + little_endian(value); }
std::string float_field(int number, float value) { return varint(static_cast<uint64_t>(number) << 3 | 5) + little_endian(value); }
std::string bytes_field(int number, std::string_view value) {
  return varint(static_cast<uint64_t>(number) << 3 | 2) + varint(value.size()) + std::string(value);
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (char c : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

std::string tf_record(std::string_view message) {
  std::string length = little_endian(static_cast<uint64_t>(message.size()));
  return length + little_endian(masked_crc(length)) + std::string(message) + little_endian(masked_crc(message));
}

std::string version_event(double wall_time) { return double_field(1, wall_time) + bytes_field(3, "brain.Event:2"); }

std::string restart_event(double wall_time, int64_t step) {
  return double_field(1, wall_time) + varint_field(2, step) + bytes_field(7, varint_field(1, 1));  // SessionLog.START
}

std::string scalars_event(double wall_time, int64_t step, const std::vector<std::pair<std::string, float>>& values) {
  std::string summary;
  for (const auto& [tag, value] : values) summary += bytes_field(1, bytes_field(1, tag) + float_field(2, value));
  return double_field(1, wall_time) + varint_field(2, step) + bytes_field(5, summary);
}

EventFile::EventFile(const std::filesystem::path& folder, int64_t resumed_at) : file_(nullptr, std::fclose) {
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  path_ = (folder / base::cat("events.out.tfevents.", static_cast<int64_t>(now()), ".", std::string(host), ".", getpid())).string();
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (!file_) base::file_error("train.tfevents", {"cannot write " + path_, std::strerror(errno)});
  write(version_event(now()));
  if (resumed_at > 0) write(restart_event(now(), resumed_at + 1));
}

void EventFile::add(int64_t step, const std::vector<std::pair<std::string, float>>& values) {
  write(scalars_event(now(), step, values));
}

void EventFile::write(const std::string& event) {
  std::string record = tf_record(event);
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size() || std::fflush(file_.get()) != 0)
    base::file_error("train.tfevents", {"cannot write " + path_, std::strerror(errno)});
}

}  // namespace athanor::train

#pragma once
// TensorBoard event files, written by hand: TFRecord frames (length, masked CRC32C of the length, bytes, masked CRC32C of the
// bytes) around the protobuf messages Event{wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7}, Summary{value
// = 1} and Value{tag = 1, simple_value = 2}. Checked against files that the tensorboard package writes and reads.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::train {

/// CRC-32C (Castagnoli), reflected, polynomial 0x1EDC6F41.
uint32_t crc32c(std::string_view bytes);
/// One TFRecord frame around `message`.
std::string tf_record(std::string_view message);
/// Event messages.
std::string version_event(double wall_time);
/// Readers drop points from `step` on that an earlier file of the folder holds.
std::string restart_event(double wall_time, int64_t step);
std::string scalars_event(double wall_time, int64_t step, const std::vector<std::pair<std::string, float>>& values);

class EventFile {
 public:
  /// Makes `folder`/events.out.tfevents.<seconds>.<host>.<pid>. `resumed_at` > 0: a run that goes on after that step.
  EventFile(const std::filesystem::path& folder, int64_t resumed_at);
  void add(int64_t step, const std::vector<std::pair<std::string, float>>& values);

 private:
  void write(const std::string& event);
  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace athanor::train

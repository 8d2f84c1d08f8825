#pragma once
// The folder of a run: the lock that keeps two processes apart, and the checkpoints. A checkpoint is a model folder with optimizer
// arrays and trainer state; manifest.json, written last, holds size and hash of every other file, so that "whole" can be checked.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace athanor::train {

enum class Resume {
  kNo,    // a folder that has checkpoints is refused
  kYes,   // from the newest checkpoint; a broken one is an error
  kAuto,  // from the newest whole one, and from the beginning where there is none
};

class RunFolder {
 public:
  /// Makes the folder and takes its lock; file_error "pid N holds it" where another process has it.
  explicit RunFolder(const std::filesystem::path& path);
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder();

  const std::filesystem::path& path() const { return path_; }
  /// Steps of the checkpoint-<step> folders, ascending.
  std::vector<int64_t> checkpoints() const;
  std::filesystem::path checkpoint(int64_t step) const;

  /// The checkpoint to go on from. input_error where `resume` is kNo and there are checkpoints, or kYes and there is none;
  /// file_error that names the broken file and the newest whole checkpoint where kYes meets a broken one. Removes what an
  /// interrupted save left.
  std::optional<std::filesystem::path> find_start(Resume resume);

  /// Fills checkpoint-<step> beside its place through `fill(folder)`, adds the manifest, moves it into place, then removes all but
  /// the newest `keep`. One that is there already is replaced.
  void save(int64_t step, int64_t keep, const std::function<void(const std::filesystem::path& folder)>& fill);

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

/// Writes manifest.json over every file below `folder`.
void write_manifest(const std::filesystem::path& folder);
/// "" where every file has the size and hash of the manifest; else what is wrong with which file.
std::string manifest_problem(const std::filesystem::path& folder);

}  // namespace athanor::train

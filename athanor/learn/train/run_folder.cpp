#include "athanor/learn/train/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/log.h"

namespace athanor::train {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "checkpoint-";

std::optional<int64_t> step_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int64_t step = 0;
  const char *begin = name.data() + kPrefix.size(), *end = name.data() + name.size();
  auto [stop, error] = std::from_chars(begin, end, step);
  return error == std::errc() && stop == end && begin != end ? std::optional(step) : std::nullopt;
}

/// What a checkpoint must have, and the file that is it: of a model, of one in shards, or of an adapter.
constexpr std::pair<const char*, const char*> kStandIns[] = {
    {"model.safetensors", "model.safetensors"},   {"model.safetensors", "model.safetensors.index.json"},
    {"model.safetensors", "learned.safetensors"}, {"config.json", "config.json"},
    {"config.json", "adapter_config.json"},       {"optimizer.safetensors", "optimizer.safetensors"},
    {"trainer_state.json", "trainer_state.json"}};

std::string holder_of(int descriptor) {
  char text[32] = {};
  ssize_t n = pread(descriptor, text, sizeof text - 1, 0);
  return n > 0 ? text : "another process";
}

}  // namespace

RunFolder::RunFolder(const fs::path& path) : path_(path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path))
    base::file_error("train.run", {"cannot make the run's folder " + path.string(), error ? error.message() : "it is a file"});
  const std::string file = (path / ".lock").string();
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) base::file_error("train.run", {"cannot write " + file, std::strerror(errno)});
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    std::string holder = holder_of(lock_);
    ::close(lock_);
    base::file_error("train.run",
                     {base::cat("pid ", holder, " holds ", path.string()), "", "", "wait for it, or choose another out"});
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(lock_, 0) != 0 || pwrite(lock_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    base::file_error("train.run", {"cannot write " + file, std::strerror(errno)});
}

RunFolder::~RunFolder() { ::close(lock_); }  // the kernel lets go of the lock, also after a kill

std::vector<int64_t> RunFolder::checkpoints() const {
  std::vector<int64_t> steps;
  for (const auto& entry : fs::directory_iterator(path_))
    if (auto step = step_of(entry.path().filename().string()); step && entry.is_directory()) steps.push_back(*step);
  std::sort(steps.begin(), steps.end());
  return steps;
}

fs::path RunFolder::checkpoint(int64_t step) const { return path_ / base::cat(kPrefix, step); }

std::optional<fs::path> RunFolder::find_start(Resume resume) {
  for (const auto& entry : fs::directory_iterator(path_))  // the lock is ours: nobody is writing these
    if (entry.path().filename().string().find(".tmp-") != std::string::npos) fs::remove_all(entry.path());
  std::vector<int64_t> steps = checkpoints();
  if (resume == Resume::kNo && !steps.empty())
    base::input_error("train.run", {path_.string() + " has checkpoints of an earlier run", "", "",
                                    "--resume goes on with it; or choose another out"});
  if (resume == Resume::kNo && (fs::exists(path_ / "config.json") || fs::exists(path_ / "adapter_config.json")))
    base::input_error("train.run", {path_.string() + " is a model folder already", "", "a new folder", "choose another out"});
  if (resume == Resume::kYes && steps.empty())
    base::input_error("train.run", {"nothing to resume in " + path_.string(), "no checkpoint"});
  std::string problem;
  fs::path broken;
  for (size_t i = steps.size(); i-- > 0;) {
    fs::path candidate = checkpoint(steps[i]);
    std::string found = manifest_problem(candidate);
    if (found.empty()) {
      if (problem.empty()) return candidate;
      if (resume == Resume::kYes)
        base::file_error("train.run", {broken.filename().string() + ": " + problem, "", "",
                                       "the newest whole checkpoint is " + candidate.string() + "; --resume auto goes on from it"});
      base::log_warning(base::cat("resuming from ", candidate.string(), ": ", broken.filename().string(), ": ", problem));
      return candidate;
    }
    if (problem.empty()) problem = found, broken = candidate;
  }
  if (!problem.empty())
    base::file_error("train.run",
                     {broken.filename().string() + ": " + problem, "", "", "no whole checkpoint is left; choose another out"});
  return std::nullopt;
}

void RunFolder::save(int64_t step, int64_t keep, const std::function<void(const fs::path&)>& fill) {
  base::AtomicFolder folder(checkpoint(step), true);
  fill(folder.path());
  write_manifest(folder.path());
  folder.commit();
  std::vector<int64_t> steps = checkpoints();
  for (size_t i = 0; i + static_cast<size_t>(keep) < steps.size(); ++i)
    if (steps[i] != step) fs::remove_all(checkpoint(steps[i]));
}

void write_manifest(const fs::path& folder) {
  base::Json files = base::Json::object();
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths)
    files[path.lexically_relative(folder).string()] = {{"size", fs::file_size(path)},
                                                       {"xxh3", base::hash_hex(base::hash_file(path))}};
  base::write_file(folder / "manifest.json", base::Json{{"files", std::move(files)}}.dump(2) + "\n");
}

std::string manifest_problem(const fs::path& folder) {
  const fs::path manifest = folder / "manifest.json";
  if (!fs::is_regular_file(manifest)) return "manifest.json is missing: the save was not finished";
  try {
    base::Json json = base::read_json_file(manifest, "train.checkpoint");
    for (const auto& [name, entry] : json.at("files").items()) {
      const fs::path file = folder / name;
      if (!fs::is_regular_file(file)) return name + " is missing";
      if (fs::file_size(file) != entry.at("size").get<uint64_t>()) return name + " has another size than when it was saved";
      if (base::hash_hex(base::hash_file(file)) != entry.at("xxh3").get<std::string>()) return name + " does not match its hash";
    }
    for (const char* needed : {"model.safetensors", "optimizer.safetensors", "trainer_state.json", "config.json"})
      if (std::none_of(std::begin(kStandIns), std::end(kStandIns), [&](const auto& pair) {
            return std::string_view(pair.first) == needed && json.at("files").contains(pair.second);
          }))
        return std::string(needed) + " is not in the manifest";
  } catch (const std::exception&) {
    return "manifest.json is broken";
  }
  return "";
}

}  // namespace athanor::train

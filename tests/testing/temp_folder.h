#pragma once
// A folder for one test, removed with everything in it when the test ends.

#include <filesystem>
#include <string>
#include <string_view>

namespace athanor::testing {

class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  /// Writes a file below the folder, makes the folders between, and returns its path.
  std::filesystem::path write(std::string_view name, std::string_view text) const;
  /// Everything in it, folders too, relative and sorted: what a test that must leave nothing behind looks at.
  std::string listing() const;

 private:
  std::filesystem::path path_;
};

}  // namespace athanor::testing

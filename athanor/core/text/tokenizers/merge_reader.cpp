#include "athanor/core/text/tokenizers/merge_reader.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::text {

using base::cat;

namespace {

constexpr size_t kLookedUpTogether = 256;

}  // namespace

std::string shown(std::string_view text) { return cat("\"", text.substr(0, 60), text.size() > 60 ? "...\"" : "\""); }

void MergeReader::refuse(std::string_view what, std::string got) {
  look_up();  // what is wrong before comes first, and this merge gets its number
  fail(what, std::move(got));
}

void MergeReader::fail(std::string_view what, std::string got) const {
  base::file_error(where_, {cat(place_, ": merge ", merges_.size() + 1, ": ", what), std::move(got)});
}

TokenId MergeReader::known(std::string_view token) const {
  TokenId id = vocabulary_.find(token);
  if (id < 0) fail(cat(shown(token), " is not in the vocabulary"));
  return id;
}

void MergeReader::add(std::string_view left, std::string_view right) {
  waiting_.append(left).append(right);
  lengths_.emplace_back(static_cast<uint32_t>(left.size()), static_cast<uint32_t>(right.size()));
  if (lengths_.size() == kLookedUpTogether) look_up();
}

void MergeReader::look_up() {
  parts_.clear();
  std::string_view rest = waiting_;
  for (const auto& [left, right] : lengths_) {
    parts_.push_back(rest.substr(0, left));
    parts_.push_back(rest.substr(left, right));
    rest.remove_prefix(left + right);
  }
  vocabulary_.find_all(parts_, ids_);
  for (size_t i = 0; i < parts_.size(); i += 2) resolve(parts_[i], parts_[i + 1], ids_[i], ids_[i + 1]);
  waiting_.clear();
  lengths_.clear();
}

void MergeReader::resolve(std::string_view left, std::string_view right, TokenId a, TokenId b) {
  if (a < 0) a = known(left);  // throws
  if (b < 0) b = known(right);
  if (right.size() < prefix_) fail(cat(shown(right), " is shorter than the continuing_subword_prefix"));
  joined_.assign(left).append(right.substr(prefix_));
  // results mostly come in the order of their ids, which spares the search
  TokenId result = merges_.empty() ? 0 : merges_.back().result;
  if (vocabulary_.token(result) != joined_ && vocabulary_.token(++result) != joined_) result = known(joined_);
  merges_.push_back({a, b, result});
}

void MergeReader::add_line(std::string_view line) {
  if (line.starts_with("#version")) return;
  size_t space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
    refuse("not two tokens with one space between them", shown(line));
  add(line.substr(0, space), line.substr(space + 1));
}

}  // namespace athanor::text

#include "athanor/core/text/tokenizers/merge_reader.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/short_text.h"

namespace athanor::text {

using base::cat;

namespace {

constexpr size_t kLookedUpTogether = 512;  // parts

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
  parts_.push_back(left);
  parts_.push_back(right);
  if (parts_.size() == kLookedUpTogether) look_up();
}

void MergeReader::look_up() {
  vocabulary_.find_all(parts_, ids_);
  for (size_t i = 0; i < parts_.size(); i += 2) resolve(parts_[i], parts_[i + 1], ids_[i], ids_[i + 1]);
  parts_.clear();
}

void MergeReader::resolve(std::string_view left, std::string_view right, TokenId a, TokenId b) {
  if (a < 0) a = known(left);  // throws
  if (b < 0) b = known(right);
  if (right.size() < prefix_) fail(cat(shown(right), " is shorter than the continuing_subword_prefix"));
  right.remove_prefix(prefix_);
  // results mostly come in the order of their ids, which spares the search
  auto joins = [&](TokenId id) {
    std::string_view token = vocabulary_.token(id);
    return token.size() == left.size() + right.size() && same_bytes(token.data(), left.data(), left.size()) &&
           same_bytes(token.data() + left.size(), right.data(), right.size());
  };
  TokenId result = merges_.empty() ? 0 : merges_.back().result;
  if (!joins(result) && !joins(++result)) result = known(cat(left, right));
  merges_.push_back({a, b, result});
}

void MergeReader::add_line(std::string_view line) {
  if (line.starts_with("#version")) return;
  size_t space = only_space(line);
  if (space == std::string_view::npos) refuse("not two tokens with one space between them", shown(line));
  add(line.substr(0, space), line.substr(space + 1));
}

}  // namespace athanor::text

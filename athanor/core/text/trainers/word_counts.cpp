#include "athanor/core/text/trainers/word_counts.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/text/tokenizers/short_text.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

constexpr size_t kChunk = size_t{1} << 20;  // bytes, then up to the end of the line

struct Chunk {
  std::string_view text;
  const NamedText* from;
};

std::vector<Chunk> chunks_of(const std::vector<NamedText>& texts) {
  std::vector<Chunk> chunks;
  for (const NamedText& named : texts) {
    std::string_view rest = named.text;
    while (!rest.empty()) {
      size_t end = rest.size() <= kChunk ? std::string_view::npos : rest.find('\n', kChunk);
      end = end == std::string_view::npos ? rest.size() : end + 1;
      chunks.push_back({rest.substr(0, end), &named});
      rest.remove_prefix(end);
    }
  }
  return chunks;
}

void check_utf8(const Chunk& chunk) {
  if (is_utf8(chunk.text)) return;
  size_t i = 0;
  for (int length; (length = utf8_sequence(chunk.text.substr(i))) > 0;) i += static_cast<size_t>(length);
  size_t offset = static_cast<size_t>(chunk.text.data() - chunk.from->text.data()) + i;
  base::file_error("text.train", {base::cat(chunk.from->name, " is not UTF-8"), base::cat("a bad byte at offset ", offset), "",
                                  "iconv -c -t UTF-8, or leave the file out"});
}

WordCounts count_chunk(const Chunk& chunk, Scan scan) {
  check_utf8(chunk);
  WordCounts counts;
  std::string_view rest = chunk.text;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    std::string_view line = rest.substr(0, end);
    for (size_t begin = 0; begin < line.size();) {
      size_t word_end = scan(line, begin);
      counts.add(line.substr(begin, word_end - begin), 1);
      begin = word_end;
    }
    rest.remove_prefix(end);
  }
  return counts;
}

}  // namespace

void WordCounts::grow() {
  std::vector<Slot> old(std::max<size_t>(slots_.size() * 2, 1 << 12));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.word == 0) continue;
    size_t i = slot.hash & (slots_.size() - 1);
    while (slots_[i].word != 0) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = slot;
  }
}

void WordCounts::add(std::string_view word, uint64_t count) {
  if (words_.size() * 2 >= slots_.size()) grow();
  auto hash = static_cast<uint32_t>(string_hash(word));
  size_t mask = slots_.size() - 1, i = hash & mask;
  for (; slots_[i].word != 0; i = (i + 1) & mask) {
    Word& known = words_[slots_[i].word - 1];
    if (slots_[i].hash == hash && known.text == word) {
      known.count += count;
      return;
    }
  }
  words_.push_back({word, count});
  slots_[i] = {hash, static_cast<uint32_t>(words_.size())};
}

uint64_t WordCounts::total() const {
  uint64_t total = 0;
  for (const Word& word : words_) total += word.count;
  return total;
}

TrainingFiles::TrainingFiles(const std::vector<std::filesystem::path>& files) {
  if (files.empty()) base::input_error("text.train", {"no files to train on"});
  for (const auto& file : files) {
    mapped_.emplace_back(file);
    texts_.push_back({mapped_.back().text(), file.string()});
  }
}

WordCounts count_words(const std::vector<NamedText>& texts, Scan scan) {
  std::vector<Chunk> chunks = chunks_of(texts);
  uint64_t bytes = 0;
  for (const Chunk& chunk : chunks) bytes += chunk.text.size();
  base::Progress progress("counting words", bytes, "B");
  WordCounts all;
  size_t at_once = static_cast<size_t>(base::thread_count()) * 4;
  for (size_t first = 0; first < chunks.size(); first += at_once) {
    size_t n = std::min(at_once, chunks.size() - first);
    std::vector<WordCounts> parts(n);
    base::parallel_dynamic(static_cast<int64_t>(n), 1, [&](int64_t begin, int64_t end) {
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) parts[i] = count_chunk(chunks[first + i], scan);
    });
    for (size_t i = 0; i < n; ++i) {
      for (const WordCounts::Word& word : parts[i].words()) all.add(word.text, word.count);
      progress.advance(chunks[first + i].text.size());
    }
  }
  return all;
}

}  // namespace athanor::text

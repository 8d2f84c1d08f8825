#pragma once
// Reads the model of a tokenizer.json: its options as a tree, its big tables on the way.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "athanor/core/text/tokenizers/json_reader.h"
#include "athanor/core/text/tokenizers/model.h"

namespace athanor::text {

/// Runs `read` on a reader of the whole text. Where the text is not JSON, base::parse_json says where; so it does for what has no
/// place of its own here (a key that occurs twice, too much depth).
void read_json_text(std::string_view json, std::string_view source, const std::function<void(JsonReader&)>& read);

/// {"token": id, ...}. `bytes` of JSON in all, for a guess at the size.
Vocabulary read_vocabulary(JsonReader& reader, std::string_view place, size_t bytes);

/// The tables are read on the way where everything that they need came before them, as it does in what the reference library
/// writes; else their place is kept and they are read at the end.
class ModelReader {
 public:
  ModelReader(std::string place, size_t bytes);
  void read(JsonReader& reader);
  std::unique_ptr<Model> make(bool byte_level);

 private:
  struct Table {
    bool done = false;
    std::optional<JsonReader> later;
  };
  void table(JsonReader& reader, Table& table, bool now, void (ModelReader::*read)(JsonReader&));
  void read_ids(JsonReader& reader);
  void read_scores(JsonReader& reader);
  void read_merges(JsonReader& reader);
  void guess_type();

  std::string place_;
  size_t bytes_;
  std::shared_ptr<base::Json> options_;
  ModelTables tables_;
  Table vocab_, merges_;
};

}  // namespace athanor::text

#include "athanor/core/text/trainers/tokenizer_folder.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/error.h"

namespace athanor::text {

base::Json special_token_json(TokenId id, const std::string& content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

void write_tokenizer_files(const Pipeline& pipeline, const TokenizerFolderOptions& options, const std::filesystem::path& folder) {
  base::Json decoder = base::Json::object(), names = base::Json::object();
  for (const base::Json& token : pipeline.document().at("added_tokens")) {
    base::Json entry = token;
    entry.erase("id");
    decoder[token.at("id").dump()] = std::move(entry);
  }
  if (options.bos) names["bos_token"] = *options.bos;
  if (options.eos) names["eos_token"] = *options.eos;
  if (options.unk) names["unk_token"] = *options.unk;
  base::Json config = {{"added_tokens_decoder", decoder}};
  config.update(names);
  config["clean_up_tokenization_spaces"] = false;
  config["tokenizer_class"] = "PreTrainedTokenizerFast";

  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) base::file_error("text.tokenizer", {"cannot make the folder " + folder.string(), error.message()});
  base::write_file(folder / "tokenizer.json", pipeline.json());
  base::write_file(folder / "tokenizer_config.json", config.dump(2) + "\n");
  base::write_file(folder / "special_tokens_map.json", names.dump(2) + "\n");
}

}  // namespace athanor::text

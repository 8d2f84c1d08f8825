// A real model: karpathy's stories260K, converted from llama2.c's file, against what independent code said of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/llama2c.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/core/text/llama2c_tokenizer.h"
#include "athanor/run/engine/engine.h"
#include "athanor/run/generate/generate.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::engine {
namespace {

struct Stories {
  Stories() : golden("run_engine/stories260K") {
    const auto converted = checkpoint::read_llama2c(golden.path() / "stories260K.bin");
    checkpoint::write_model_folder(temporary / "model", *converted.config, nullptr, converted.arrays);
    text::convert_llama2c_tokenizer(golden.path() / "stories260K.tok512.bin", temporary / "model");
    folder = checkpoint::ModelFolder::open(temporary / "model");
    model = Model::load(models::decoder_from_config(*folder.config), folder.weights, {});
    tokenizer = text::load_tokenizer(temporary / "model");
  }

  testing::Golden golden;
  testing::TempFolder temporary;
  checkpoint::ModelFolder folder;
  std::shared_ptr<const Model> model;
  std::unique_ptr<text::Tokenizer> tokenizer;
};

TEST(Stories, FirstLogits) {
  const Stories s;
  Session session(s.model);
  const std::vector<text::TokenId> bos = {1};
  const std::span<float> scores = session.append(bos);
  std::vector<text::TokenId> order(scores.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<text::TokenId>(i);
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)]; });
  size_t place = 0;
  for (const auto& expected : s.golden.json().at("bos_top5")) {
    EXPECT_EQ(order[place], expected[0].get<int>());
    EXPECT_NEAR(scores[static_cast<size_t>(order[place++])], expected[1].get<double>(), s.golden.tolerance("logits"));
  }
}

TEST(Stories, GreedyTokensExactly) {
  const Stories s;
  const auto expected = s.golden.json().at("greedy_ids_from_bos").get<std::vector<text::TokenId>>();
  for (kernels::IsaLevel level :
       {kernels::IsaLevel::kScalar, kernels::IsaLevel::kAvx2, kernels::IsaLevel::kAvx512, kernels::IsaLevel::kVnni}) {
    if (level > kernels::best_isa_level()) continue;
    kernels::ForceIsaLevel force(level);
    Session session(s.model);
    const auto result = generate::generate(session, *s.tokenizer, std::span(expected).first(1), {},
                                           {.max_new_tokens = static_cast<int64_t>(expected.size()) - 1, .temperature = 0});
    EXPECT_TRUE(std::equal(result.ids.begin(), result.ids.end(), expected.begin() + 1, expected.end())) << isa_name(level);
    EXPECT_EQ(result.text.substr(0, 48), "Once upon a time, there was a little girl named ") << isa_name(level);
  }
}

double mean_nll(const std::vector<float>& logits, const std::vector<text::TokenId>& ids, size_t vocab) {
  double sum = 0;
  for (size_t t = 0; t + 1 < ids.size(); ++t) {
    const float* row = logits.data() + t * vocab;
    const double best = *std::max_element(row, row + vocab);
    double total = 0;
    for (size_t v = 0; v < vocab; ++v) total += std::exp(row[v] - best);
    sum -= row[ids[t + 1]] - best - std::log(total);
  }
  return sum / static_cast<double>(ids.size() - 1);
}

TEST(RealStories, LossOfEachStory) {
  ATH_NEEDS_DATA("text/tinystories_sample.txt");
  ATH_NEEDS_DATA("goldens/stories260K.json");
  const base::Json golden = base::read_json_file(testing::data_path("goldens/stories260K.json"), "testing.golden");
  const Stories s;
  std::string text = base::read_text_file(testing::data_path("text/tinystories_sample.txt"));
  size_t story = 0;
  for (size_t begin = 0; begin < text.size();) {
    const std::string_view separator = "<|endoftext|>";
    const size_t end = std::min(text.find(separator, begin), text.size());
    std::string one = text.substr(begin, end - begin);
    begin = end + separator.size();
    one.erase(0, std::min(one.find_first_not_of(" \n"), one.size()));
    one.erase(one.find_last_not_of(" \n") + 1);
    if (one.empty()) continue;
    std::vector<text::TokenId> ids = s.tokenizer->encode(one);
    ids.resize(std::min<size_t>(ids.size(), 512));
    const auto& expected = golden.at("tinystories_sample").at("tokens_and_mean_nll").at(story++);
    EXPECT_EQ(ids.size(), expected[0].get<size_t>());
    const std::vector<float> logits = Session(s.model).append_all(ids);
    EXPECT_NEAR(mean_nll(logits, ids, 512), expected[1].get<double>(), 1e-4) << "given with five decimals";
  }
  EXPECT_EQ(story, 5u);
}

}  // namespace
}  // namespace athanor::engine

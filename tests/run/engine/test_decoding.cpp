#include "athanor/run/engine/decoding.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/options.h"
#include "athanor/core/base/philox.h"
#include "athanor/run/generate/generate.h"
#include "tests/run/engine/golden_model.h"
#include "tests/run/generate/list_tokenizer.h"

namespace athanor::engine {
namespace {

using Ids = std::vector<text::TokenId>;

/// One character for each id, so that a text says which ids it is made of.
const generate::ListTokenizer& letters() {
  static const generate::ListTokenizer tokenizer([] {
    std::vector<std::string> pieces;
    for (int i = 0; i < 128; ++i) pieces.push_back({static_cast<char>(0xc4 + i / 64), static_cast<char>(0x80 + i % 64)});
    return pieces;
  }());
  return tokenizer;
}

/// transformers' words of a case as our options.
generate::GenerateOptions options_from(const base::Json& json) {
  base::Json words = json;
  generate::GenerateOptions options;
  options.temperature = 0;
  for (const auto& [name, value] : json.items()) {
    if (name == "force_words")
      for (const base::Json& ids : value) options.force_words.push_back(letters().decode(ids.get<Ids>(), false));
    else if (name == "negative_prompt")
      options.negative_prompt = letters().decode(value.get<Ids>(), false);
    else if (name == "exponential_decay_length_penalty")
      options.exponential_decay_start = value[0], options.exponential_decay_factor = value[1];
    else if (name == "dola_layers" && value.is_array())
      for (const base::Json& layer : value) options.dola_layers += (options.dola_layers.empty() ? "" : ",") + layer.dump();
    else
      continue;
    words.erase(name);
  }
  if (words.contains("early_stopping") && words["early_stopping"].is_boolean())
    words["early_stopping"] = words["early_stopping"].get<bool>() ? "true" : "false";
  base::read_options(base::parse_yaml(words.dump(), "golden"), options, "golden");
  return options;
}

std::shared_ptr<const Model> model_of(const std::string& name) {
  static std::map<std::string, std::shared_ptr<const Model>> models;
  static std::vector<std::unique_ptr<GoldenModel>> kept;
  auto& model = models[name];
  if (!model) model = kept.emplace_back(std::make_unique<GoldenModel>(name))->load();
  return model;
}

class Decodings : public ::testing::TestWithParam<const char*> {};

TEST_P(Decodings, EqualTransformersGenerate) {
  const testing::Golden golden(std::string("run_engine/") + GetParam());
  int cases = 0;
  for (const base::Json& c : golden.json().at("cases")) {
    const auto prompt = c.at("prompt").get<Ids>(), end_ids = c.at("end_ids").get<Ids>();
    const Decoding decoding(model_of(c.at("model")));
    auto result = generate::generate(decoding, letters(), prompt, end_ids, options_from(c.at("options")));
    if (result.finish_reason == "stop") result.ids.pop_back();
    EXPECT_EQ(result.ids, c.at("ids").get<Ids>()) << c.dump();
    if (c.contains("score")) {
      EXPECT_NEAR(result.score, c.at("score").get<double>(), golden.tolerance()) << c.dump();
    }
    ++cases;
  }
  EXPECT_GT(cases, 40);
}

INSTANTIATE_TEST_SUITE_P(Transformers, Decodings, ::testing::Values("decoding", "decoding-4"),
                         [](const auto& info) { return std::string(info.param) == "decoding" ? "v5" : "v4"; });

// A branch that copies only where it differs sees exactly what a session sees that read its tokens alone.
TEST(Branches, EqualSessionsOfTheirOwn) {
  for (const WeightKind kind : {WeightKind::kF32, WeightKind::kBF16}) {
    const GoldenModel g("llama-gqa");
    const auto model = g.load(kind, 128);
    const auto branches = Decoding(model).branches();
    std::vector<Ids> sequences = {Ids(g.ids.begin(), g.ids.begin() + 33)};
    branches->begin(sequences[0]);
    base::Philox random(3, 0, base::Purpose::kTest);
    for (int round = 0; round < 40; ++round) {
      std::vector<int64_t> parents(1 + random.below(5));
      Ids ids;
      std::vector<Ids> next;
      for (int64_t& parent : parents) {
        parent = static_cast<int64_t>(random.below(sequences.size()));
        ids.push_back(static_cast<text::TokenId>(random.below(97)));
        next.push_back(sequences[static_cast<size_t>(parent)]);
        next.back().push_back(ids.back());
      }
      sequences = std::move(next);
      const std::span<const float> scores = branches->step(parents, ids);
      for (size_t i = 0; i < sequences.size(); ++i) {
        Session alone(model);
        for (text::TokenId id : Ids(sequences[i].begin(), sequences[i].end() - 1)) alone.append({&id, 1});
        const std::span<const float> expected = alone.append(std::span(sequences[i]).last(1));
        for (size_t v = 0; v < expected.size(); ++v)
          ASSERT_NEAR(scores[i * expected.size() + v], expected[v], kind == WeightKind::kF32 ? 2e-5 : 0.1) << round << " " << i;
      }
    }
    EXPECT_EQ(branches->room(), 128 - static_cast<int64_t>(sequences[0].size()));
  }
}

// More sequences than go through the layers at once.
TEST(Branches, ManyAtOnce) {
  const GoldenModel g("llama-gqa");
  const auto model = g.load(WeightKind::kF32, 32);
  const auto branches = Decoding(model).branches();
  branches->begin(std::span(g.ids).first(5));
  Ids ids;
  for (text::TokenId i = 0; i < 600; ++i) ids.push_back(i % 97);
  const std::span<const float> scores = branches->step(std::vector<int64_t>(ids.size(), 0), ids);
  EXPECT_EQ(branches->states().size(), ids.size() * static_cast<size_t>(model->spec().hidden));
  for (size_t i : {0, 1, 511, 512, 599}) {
    Session alone(model);
    alone.append(std::span(g.ids).first(5));
    const std::span<const float> expected = alone.append(std::span(ids).subspan(i, 1));
    for (size_t v = 0; v < expected.size(); ++v) ASSERT_NEAR(scores[i * expected.size() + v], expected[v], 2e-5) << i;
  }
  EXPECT_THROW(branches->step(std::vector<int64_t>{0}, Ids{97}), base::Error);
}

TEST(Decoding, ReadsLayersEarly) {
  const GoldenModel g("llama-deep");
  const auto model = g.load();
  std::vector<std::vector<float>> hidden;
  const std::vector<float> all = Session(model).append_all(g.ids, &hidden);
  const size_t vocab = static_cast<size_t>(model->spec().vocab), last = g.ids.size() - 1;
  Session session(model);
  const std::vector<int64_t> layers = {0, 3};
  const std::vector<float> rows = [&] {
    const auto span = session.append(g.ids, layers, false);
    return std::vector<float>(span.begin(), span.end());
  }();
  ASSERT_EQ(rows.size(), 3 * vocab);
  for (size_t v = 0; v < vocab; ++v) EXPECT_NEAR(rows[2 * vocab + v], all[last * vocab + v], 1e-5);
  const checkpoint::ArrayView& head = g.folder.weights.at("lm_head.weight");
  const auto width = static_cast<size_t>(model->spec().hidden);
  for (size_t row = 0; row < 2; ++row) {
    const float* h = hidden[static_cast<size_t>(layers[row])].data() + last * width;
    for (size_t v = 0; v < vocab; ++v) {
      double score = 0;
      for (size_t c = 0; c < width; ++c) score += static_cast<double>(h[c]) * head.as<float>()[v * width + c];
      EXPECT_NEAR(rows[row * vocab + v], score, 1e-4);
    }
  }
  Session with_norm(model);
  const std::span<float> normed = with_norm.append(g.ids, std::vector<int64_t>{model->spec().layers - 1}, true);
  EXPECT_NE(normed[0], rows[0]);
  EXPECT_THROW(with_norm.append(g.ids, std::vector<int64_t>{7}, false), base::Error);
}

TEST(Decoding, BeamsEndWhereTheContextEnds) {
  const GoldenModel g("llama-gqa");
  const Decoding decoding(g.load(WeightKind::kAsStored, 52));
  for (auto options : {generate::GenerateOptions{.max_new_tokens = 50, .temperature = 0},
                       generate::GenerateOptions{.max_new_tokens = 50, .temperature = 0, .num_beams = 3}})
    EXPECT_EQ(generate::generate(decoding, letters(), g.ids, {}, options).ids.size(), 5u);
}

}  // namespace
}  // namespace athanor::engine

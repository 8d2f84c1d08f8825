#include <gtest/gtest.h>

#include <cmath>

#include "athanor/core/base/error.h"
#include "athanor/core/data/mixing.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

class Mixing : public ::testing::Test {
 protected:
  /// A source of `documents` documents of 1 to 20 tokens that are all `id`.
  void add_source(int64_t documents, int32_t id) {
    const auto path = folder / std::to_string(id);
    TokenShardWriter writer(path, 100, 7);
    for (int64_t d = 0; d < documents; ++d) writer.add(std::vector<int32_t>(static_cast<size_t>(1 + d * 7 % 20), id), 1);
    writer.commit();
    sources.push_back(TokenShard::open(path));
  }
  /// Tokens of each id in the mixture.
  std::vector<int64_t> mixed(const MixOptions& options, uint64_t seed = 0) {
    shares = mix_shards(sources, options, seed, folder / "mix");
    const TokenShard mix = TokenShard::open(folder / "mix");
    std::vector<int64_t> counts(sources.size());
    for (int64_t d = 0; d < mix.documents(); ++d) {
      int32_t id = 0;
      mix.copy(d, 0, 1, &id);
      counts[static_cast<size_t>(id)] += mix.document_tokens(d);
    }
    return counts;
  }
  testing::TempFolder folder;
  std::vector<TokenShard> sources;
  std::vector<MixShare> shares;
};

TEST_F(Mixing, OneToFive) {
  add_source(100, 0);   // the domain
  add_source(1000, 1);  // general text
  for (const char* exhausted : {"repeat", "stop"}) {
    const auto counts = mixed({{1, 5}, 1, exhausted});
    EXPECT_NEAR(static_cast<double>(counts[1]) / static_cast<double>(counts[0]), 5, 0.02) << exhausted;
    EXPECT_EQ(counts[0], shares[0].tokens);
  }
  EXPECT_EQ(mixed({{1, 5}, 1, "repeat"})[1], sources[1].tokens()) << "general text once";
  EXPECT_NEAR(shares[0].passes, 2, 0.05) << "the domain twice";
  EXPECT_EQ(mixed({{1, 5}, 1, "stop"})[0], sources[0].tokens()) << "the domain once";
  EXPECT_THROW(mixed({{1, 5}, 1, "error"}), base::Error);
  EXPECT_NO_THROW(mixed({{1, 10}, 1, "error"}));
}

TEST_F(Mixing, TemperatureEvensOut) {
  add_source(40, 0);
  add_source(1000, 1);
  EXPECT_EQ(mixed({{0, 0}, 1, "error"}), (std::vector<int64_t>{sources[0].tokens(), sources[1].tokens()}));
  const auto counts = mixed({{0, 0}, 2, "repeat"});
  EXPECT_NEAR(static_cast<double>(counts[1]) / static_cast<double>(counts[0]), std::sqrt(25.0), 0.05);
  EXPECT_THROW(mixed({{1, 0}, 1, "repeat"}), base::Error) << "a weight for every source, or for none";
}

TEST_F(Mixing, TheSameSeedGivesTheSameBytes) {
  add_source(100, 0);
  add_source(300, 1);
  mixed({{1, 1}, 1, "stop"}, 1);
  std::filesystem::rename(folder / "mix", folder / "first");
  mixed({{1, 1}, 1, "stop"}, 1);
  const TokenShard a = TokenShard::open(folder / "first"), b = TokenShard::open(folder / "mix");
  ASSERT_EQ(a.documents(), b.documents());
  for (int64_t d = 0; d < a.documents(); ++d) EXPECT_EQ(a.document_tokens(d), b.document_tokens(d));
}

TEST(MixingOptions, AreRead) {
  const auto sources = read_mix(base::parse_yaml("[{files: [a, b], weight: 5}, {files: c}]", "test"));
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0].files, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(sources[0].weight, 5);
  EXPECT_EQ(sources[1].weight, 0);
  for (const char* bad : {"[]", "x", "[{weight: 1}]", "[{files: [a], weight: -1}]", "[{file: [a]}]"})
    EXPECT_THROW(read_mix(base::parse_yaml(bad, "test")), base::Error) << bad;
}

}  // namespace
}  // namespace athanor::data

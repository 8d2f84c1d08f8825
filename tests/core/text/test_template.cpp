// The template language, rule by rule, against jinja2; what is malformed; what is hostile.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/templates/template.h"
#include "tests/testing/cases.h"
#include "tests/testing/cpu_time.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"

namespace athanor::text::templates {
namespace {

using base::Json;
using Variables = std::vector<std::pair<std::string, Json>>;

/// The text, or the error's line.
std::string outcome(const std::string& source, const Variables& variables = {}, const RenderOptions& options = {}) {
  try {
    return Template(source, "t").render(variables, options).text;
  } catch (const base::Error& error) {
    return base::cat("error ", error.exit_code(), ": ", error.what());
  }
}

TEST(Template, EqualsJinja2RuleByRule) {
  testing::Golden golden("core_text/template_features");
  Variables variables;
  for (const auto& [name, value] : golden.json().at("variables").items()) variables.emplace_back(name, value);
  const RenderOptions options{.now = golden.json().at("now").get<int64_t>()};
  ASSERT_GT(golden.json().at("cases").size(), 200u);
  for (const Json& one : golden.json().at("cases")) {
    std::string source = one.at("template").get<std::string>(), got = outcome(source, variables, options);
    if (one.contains("text"))
      EXPECT_EQ(got, one.at("text").get<std::string>()) << source;
    else
      EXPECT_TRUE(got.starts_with("error ")) << source << " gives " << got;
  }
}

TEST(Template, MalformedCases) {
  auto cases = testing::read_cases(testing::source_path("tests/malformed/template.cases"));
  EXPECT_GE(cases.size(), 30u);
  for (const testing::Case& one : cases) {
    std::string got = outcome(one.input);
    std::string wanted = one.exit_code == 0 ? "" : base::cat("error ", one.exit_code, ": [text.template] ");
    EXPECT_TRUE(got.starts_with(wanted)) << one.name << ": " << got;
    EXPECT_NE(got.find(one.expected), std::string::npos) << one.name << ": " << got;
    EXPECT_EQ(got.find('\n'), std::string::npos) << one.name;
  }
}

/// Seconds that the source takes to fail.
double seconds_to_refuse(const std::string& source) {
  const double start = testing::cpu_seconds();
  std::string got = outcome(source);
  double seconds = testing::cpu_seconds() - start;
  EXPECT_TRUE(got.starts_with("error 2: ")) << source.substr(0, 100) << " gives " << got.substr(0, 100);
  return seconds;
}

TEST(Template, HostileWorkEndsSoon) {
  const char* hostile[] = {
      "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{{ a }}{% endfor %}{% endfor %}{% endfor "
      "%}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{% set ns = namespace(s='x' * 1000) %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      "{{ 'x' * 99999999999 }}",
      "{{ [0] * 99999999 }}",
      "{% set ns = namespace(l=[0]) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}",
      "{% set ns = namespace(l=[0]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace(l=[0]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == [ns.l[0], "
      "ns.l[1]] }}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
      "{{ 'x' | center(99999999999) }}",
      "{{ '%99999999d' % 1 }}",
      "{{ '{:99999999}'.format(1) }}",
      "{{ ('a' * 100000 ~ 'b').replace('a', 'a' * 1000) }}",
      "{% set s = 'a' * 4000000 %}{% for i in range(99999) %}{{ s.count('aaaaab') }}{% endfor %}",
      "{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
      "{{ range(99999) | map('string') | map('list') | map('join') | map('list') | map('tojson') | join | list | unique | list }}",
  };
  for (const char* source : hostile) EXPECT_LT(seconds_to_refuse(source), 2) << source;
}

TEST(Template, DeepSyntaxIsAnErrorAndNotACrash) {
  auto many = [](const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  const int deep = 60'000;
  for (const std::string& source :
       {"{{ " + many("(", deep), "{{ " + many("[", deep), "{{ " + many("-", deep) + "1 }}", "{{ " + many("not ", deep) + "1 }}",
        "{{ 1" + many(" + 1", deep) + " }}", "{{ a" + many(".a", deep) + " }}", "{{ a" + many("|e", deep) + " }}",
        many("{% if a %}", deep), "{{ " + many("1 if 1 else ", deep) + "1 }}", "{{ " + many("{1:", deep),
        "{% set " + many("(", deep)}) {
    std::string got = outcome(source);
    EXPECT_TRUE(got.starts_with("error 3: ") && got.find("nested too deep") != std::string::npos)
        << source.substr(0, 20) << got.substr(0, 200);
  }
  EXPECT_EQ(outcome("{{ 1" + many(" ~ 1", 1000) + " }}"), many("1", 1001));
  EXPECT_EQ(outcome("{% if 0 %}" + many("{% elif 0 %}", 1000) + "{% else %}x{% endif %}"), "x");
}

TEST(Template, WhatHoldsItselfIsFreed) {
  EXPECT_EQ(outcome("{% set ns = namespace() %}{% set ns.me = [ns, {'k': ns}] %}{% set ns.g = ns.me | select %}x"), "x");
  EXPECT_EQ(outcome("{% for x in [1, 2] %}{{ loop.changed(loop) }}{% endfor %}"), "TrueFalse");
  EXPECT_EQ(outcome("{% set ns = namespace() %}{% for i in range(20000) %}{% set ns.n = namespace(before=ns.n) %}{% endfor %}x"),
            "x");
  EXPECT_EQ(outcome("{% set ns = namespace() %}{% for i in [1] %}{% macro m() %}{{ i }}{{ ns.m.name }}{% endmacro %}"
                    "{% set ns.m = m %}{{ ns.m() }}{% endfor %}"),
            "1m");
}

TEST(Template, GenerationsAreByteSpans) {
  Template t("é{% for m in messages %}{% generation %}[{{ m }}]{% endgeneration %} {% endfor %}", "t");
  Rendered out = t.render({{"messages", Json::array({"ä", "b"})}});
  ASSERT_EQ(out.generations.size(), 2u);
  EXPECT_EQ(out.text.substr(out.generations[0].begin, out.generations[0].end - out.generations[0].begin), "[ä]");
  EXPECT_EQ(out.text.substr(out.generations[1].begin, out.generations[1].end - out.generations[1].begin), "[b]");
}

/// Pieces of real templates and of nothing, put together at random.
std::string random_template(uint64_t seed) {
  static const char* kPieces[] = {"{% for x in messages %}",
                                  "{% for k, v in d.items() %}",
                                  "{% endfor %}",
                                  "{% if x %}",
                                  "{% elif loop.last %}",
                                  "{% else %}",
                                  "{% endif %}",
                                  "{% macro m(a, b=1) %}",
                                  "{% endmacro %}",
                                  "{{ m(x, b=d) }}",
                                  "{% call(y) m(1) %}",
                                  "{% endcall %}",
                                  "{{ caller(1) }}",
                                  "{% set ns = namespace(a=1) %}",
                                  "{% set ns.a = [ns.a, x] %}",
                                  "{% set x = x ~ x %}",
                                  "{% set y %}",
                                  "{% endset %}",
                                  "{{ x }}",
                                  "{{ x.content | trim }}",
                                  "{{ messages | tojson(indent=2) }}",
                                  "{{ x.content.split('o')[0] }}",
                                  "{{ messages[::-1][0].role }}",
                                  "{{ range(999) | batch(7) | list }}",
                                  "{{ loop.index }}",
                                  "{{ loop(messages) }}",
                                  "{% for x in messages recursive %}",
                                  "{% generation %}",
                                  "{% endgeneration %}",
                                  "{% break %}",
                                  "{% continue %}",
                                  "{{ 'a' * 999 }}",
                                  "{{ x | ",
                                  "sort(attribute='role')",
                                  "map('upper') | list",
                                  " }}",
                                  "{%- ",
                                  " -%}",
                                  "{{-",
                                  "-}}",
                                  "{#",
                                  "#}",
                                  "{% raw %}",
                                  "{% endraw %}",
                                  "'",
                                  "(",
                                  ")",
                                  "[",
                                  "]",
                                  "x.y.z",
                                  " + 1",
                                  " ~ d",
                                  " is defined",
                                  " if ",
                                  " else ",
                                  " and ",
                                  " | join(', ')",
                                  " % ",
                                  "%s",
                                  "\n",
                                  "  ",
                                  "é",
                                  "{{ d | dictsort }}",
                                  "{{ '%s %d' % (x, 1) }}",
                                  "{{ '{:>{w}}'.format(1, w=5) }}",
                                  "{% filter upper %}",
                                  "{% endfilter %}",
                                  "{% with z = x %}",
                                  "{% endwith %}"};
  std::mt19937_64 random(seed);
  std::string out;
  for (uint64_t n = 1 + random() % 24; n > 0; --n) out += kPieces[random() % std::size(kPieces)];
  return out;
}

/// Renders `count` random templates; no one may crash, take long, or end in an exception of another kind.
void render_random(uint64_t first, uint64_t count) {
  const Json messages =
      Json::parse(R"([{"role":"user","content":"Hello é"},{"role":"assistant","content":null,"k":[1,2.5,{"a":true}]}])");
  int rendered = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    std::string source = random_template(seed), got;
    const double start = testing::cpu_seconds();
    EXPECT_NO_THROW(got = outcome(source, {{"messages", messages}, {"d", messages[1]}})) << source;
    EXPECT_LT(testing::cpu_seconds() - start, 5) << source;
    rendered += !got.starts_with("error ");
  }
  EXPECT_GT(rendered, static_cast<int>(count / 40));
}

TEST(Template, RandomPiecesNeverHang) { render_random(0, 2'000); }
TEST(SlowTemplate, RandomPiecesNeverHang) { render_random(10'000, 100'000); }

}  // namespace
}  // namespace athanor::text::templates

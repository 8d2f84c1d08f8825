#include "app/report/report.h"

#include <numbers>

#include "app/report/page_files.h"
#include "athanor/core/base/cat.h"

namespace athanor::app {
namespace {

using base::cat;
using base::fixed;

std::string bits(double nats) { return fixed(nats / std::numbers::ln2, 2); }

std::string card(std::string_view value, std::string_view name, std::string_view note) {
  return cat("<div class='card'><div class='value'>", value, "</div><div class='name'>", name, "</div><div class='note'>", note,
             "</div></div>\n");
}

std::string table(std::string_view title, const std::vector<Fact>& facts) {
  std::string out = cat("<section class='facts'><h3>", html_text(title), "</h3><table>");
  for (const Fact& fact : facts)
    out += cat("<tr><th scope='row'>", html_text(fact.name), "</th><td>", html_text(fact.value), "</td></tr>");
  return out + "</table></section>\n";
}

/// Bits per byte as bars: what is known without a model, before training, after it.
std::string bars(const Report& report) {
  struct Bar {
    const char* name;
    double nats;
    const char* style;
  };
  const Bar rows[] = {{"every byte equally likely", 8 * std::numbers::ln2, "plain"},
                      {"this model before training", report.before, "plain"},
                      {"how often each byte occurs", report.guess, "plain"},
                      {"this model after training", report.after, "ours"}};
  double longest = 0;
  for (const Bar& row : rows) longest = std::max(longest, row.nats);
  std::string out = "<div class='bars'>";
  for (const Bar& row : rows)
    out += cat("<div class='bar'><span class='what'>", row.name, "</span><span class='track'><span class='fill ", row.style,
               "' style='width:", fixed(100 * row.nats / longest, 1), "%'></span></span><span class='figure'>", bits(row.nats),
               "</span></div>");
  return out + "</div>\n";
}

std::string samples(const Report& report) {
  std::string out = "<div class='samples'>";
  for (const Sample& sample : report.samples)
    out += cat("<article><h3>", sample.temperature == 0 ? "greedy" : "temperature " + fixed(sample.temperature, 1), "</h3><pre><b>",
               html_text(sample.prompt), "</b>", html_text(sample.text), "</pre></article>\n");
  return out + "</div>\n";
}

/// Without blank lines: a model that has not learned to answer may write little else, and all answers are to be seen at once.
std::string folded(std::string_view text) {
  std::string out, space;
  for (char c : text) {
    if (c == ' ' || c == '\n') {
      space += c;
      continue;
    }
    if (!space.empty() && !out.empty()) out += space.find('\n') == space.npos ? space : "\n";
    space.clear();
    out += c;
  }
  return out.empty() ? "(blank)" : out;
}

std::string answers(const Report& report) {
  if (report.answers.empty()) return "";
  std::string out =
      "<h2>What it answers</h2>\n<p>The same model, tuned on questions that rules made from the text, and asked about the held-out "
      "part. "
      "It is small: what it learns is to answer in the form of an answer, and to stop.</p>\n<div class='samples'>";
  for (const Answer& a : report.answers)
    out += cat("<article><h3>", html_text(a.question), "</h3><pre><b>the text</b>\n", html_text(a.expected),
               "\n\n<b>before tuning</b>\n", html_text(folded(a.before)), "\n\n<b>every weight tuned</b>\n",
               html_text(folded(a.tuned)), "\n\n<b>LoRA</b>\n", html_text(folded(a.adapter)), "</pre></article>\n");
  return out + "</div>\n<div class='tables'>" + table("tuning", report.tuning) + "</div>\n";
}

std::string next_steps(const Report& report) {
  std::string out = "<dl class='next'>";
  for (const NextStep& step : report.next)
    out += cat("<dt>", html_text(step.sentence), "</dt><dd><code>", html_text(step.command), "</code></dd>");
  return out + "</dl>\n";
}

}  // namespace

std::string report_page(const Report& report) {
  std::string out =
      cat("<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width, "
          "initial-scale=1'>\n",
          "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'; script-src "
          "'unsafe-inline'\">\n",
          "<title>", html_text(report.title), "</title>\n<style>", kPageCss, "</style></head><body><main>\n<header><h1>",
          html_text(report.title), "</h1><p>", html_text(report.subtitle), "</p></header>\n<div class='cards'>");
  out +=
      card(bits(report.after), "bits per byte",
           cat("after training, on ", base::human_count(static_cast<double>(report.held_out_bytes)), " bytes it has never seen"));
  out += card(fixed(report.after, 3), "nats per byte", cat("the same in nats; ", fixed(report.before, 2), " before training"));
  for (const Fact& fact : report.speed) {
    out += card(html_text(fact.value), html_text(fact.name), "");
    if (&fact - report.speed.data() == 1) break;
  }
  out +=
      "</div>\n<h2>What it learned</h2>\n<p>The cost of predicting the held-out text, in nats per byte; the first, steep steps are "
      "left out. "
      "Lower is better. The two lines part where the model begins to learn the training text by heart.</p>\n";
  out += line_chart(report.losses,
                    {"step", "nats per byte", "Loss of the training batches and of the held-out text against the training step"});
  out +=
      "<h2>What the number means</h2>\n<p>Bits that each byte of the held-out text costs, by who predicts it.</p>\n" + bars(report);
  out +=
      "<h2>What it writes</h2>\n<p>By the engine, from the same prompt. A low temperature takes the likeliest words, a high one "
      "dares more.</p>\n" +
      samples(report) + answers(report);
  out += "<h2>How it went</h2>\n<div class='tables'>" + table("model", report.model) + table("training", report.training) +
         table("speed and memory", report.speed) + table("environment", report.environment) + "</div>\n";
  out += "<h2>What to try next</h2>\n" + next_steps(report);
  return out + cat("</main><script>", kPageJs, "</script></body></html>\n");
}

}  // namespace athanor::app

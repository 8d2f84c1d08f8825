#include "athanor/learn/adapters/options.h"

#include <cmath>
#include <cstdlib>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/learn/adapters/catalog.h"

namespace athanor::adapters {
namespace {

constexpr const char* kOptionsWhere = "adapters.options";

template <typename Rows>
std::vector<const char*> names_of(const Rows& rows, std::vector<const char*> names) {
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

void visit_lora(AdapterOptions& o, base::OptionVisitor& v) {
  v.integer("r", o.r, {"lora: rank of the added product", 1, 65536, {"lora_r", "rank"}});
  v.number("alpha", o.alpha, {"lora: the product is multiplied by alpha / r", 1e-9, 1e9, {"lora_alpha"}});
  v.number("dropout", o.dropout, {"lora: part of a target's inputs that its product does not see", 0, 0.9, {"lora_dropout"}});
  v.text("init", o.init,
         {.help = "lora: first values of the product", .other_names = {"init_lora_weights"}, .choices = names_of(inits(), {})});
  v.text("bias", o.bias,
         {.help = "lora: biases that learn too: every one, or those of the targets", .choices = {"none", "all", "lora_only"}});
  v.boolean("rslora", o.rslora, {"lora: alpha / sqrt(r) instead of alpha / r", 0, 1, {"use_rslora"}});
  v.boolean("dora", o.dora, {"lora: the length of every row is learned apart from its direction", 0, 1, {"use_dora"}});
  v.number("lora_plus", o.lora_plus, {"lora: B learns so many times as fast as A", 1e-3, 1e3, {"loraplus_lr_ratio"}});
  v.tree("rank_pattern", o.rank_pattern, {.help = "lora: other ranks by name or expression, {q_proj: 4}"});
  v.tree("alpha_pattern", o.alpha_pattern, {.help = "lora: other alphas by name or expression"});
}

void visit_prompts(AdapterOptions& o, base::OptionVisitor& v) {
  v.integer("virtual_tokens", o.virtual_tokens,
            {"prompt-tuning, p-tuning, prefix-tuning: positions before every sample", 1, 65536, {"num_virtual_tokens"}});
  v.text("prompt_init", o.prompt_init,
         {.help = "prompt-tuning: first values: rows of random tokens, normal numbers, or the rows of init_text",
          .other_names = {"prompt_tuning_init"},
          .choices = {"vocab", "random", "text"}});
  v.text("init_text", o.init_text,
         {.help = "prompt-tuning: what the virtual tokens begin as", .other_names = {"prompt_tuning_init_text"}});
  v.text("encoder", o.encoder,
         {.help = "p-tuning: what makes the virtual tokens",
          .other_names = {"encoder_reparameterization_type"},
          .choices = {"mlp", "lstm"}});
  v.integer("encoder_hidden", o.encoder_hidden,
            {"p-tuning, prefix-tuning with projection: inner width; 0: the model's", 0, 1 << 20, {"encoder_hidden_size"}});
  v.integer("encoder_layers", o.encoder_layers, {"p-tuning with lstm: layers", 1, 64, {"encoder_num_layers"}});
  v.boolean("projection", o.projection,
            {"prefix-tuning: keys and values come out of a two-layer network", 0, 1, {"prefix_projection"}});
}

}  // namespace

void AdapterOptions::visit(base::OptionVisitor& v) {
  v.text("method", method, {.help = "what is added", .other_names = {"peft_type"}, .choices = names_of(methods(), {"none"})});
  v.texts("targets", targets,
          {.help = "lora, ia3: layers by name or its end, by an expression for whole names, or all-linear",
           .other_names = {"target_modules", "lora_target"}});
  v.texts("modules_to_save", modules_to_save,
          {.help = "lora, ia3: modules that learn as a whole, and are saved", .other_names = {"additional_target"}});
  v.texts("feedforward", feedforward,
          {.help = "ia3: targets whose inputs are scaled, not their outputs", .other_names = {"feedforward_modules"}});
  visit_lora(*this, v);
  visit_prompts(*this, v);
  v.text("quantize", quantize,
         {.help = "type of the linear layers that do not learn",
          .other_names = {"load_in_4bit", "quantization_bit"},
          .choices = {"none", "nf4"}});
  v.boolean("double_quant", double_quant, {"nf4: the scales are quantized too", 0, 1, {"bnb_4bit_use_double_quant"}});
}

void check_options(const AdapterOptions& o) {
  std::string wrong;
  const auto expect = [&wrong](bool holds, const std::string& what) {
    if (!holds) wrong += (wrong.empty() ? "" : "; ") + what;
  };
  AdapterOptions plain, given = o;
  given.method = plain.method;
  const auto text = [](AdapterOptions& options) { return base::node_to_yaml(base::options_to_node(base::visit_of(options))); };
  expect(o.on() || text(given) == text(plain), "it names no method");
  expect(o.method != "ia3" || o.targets != std::vector<std::string>{"all-linear"},
         "ia3 needs targets (k_proj, v_proj, down_proj) and feedforward (down_proj)");
  expect(o.init != "loftq" || o.quantize == "nf4", "init: loftq makes up for quantize: nf4, which is not set");
  expect(o.bias == "none" || o.method == "lora" || !o.on(), "bias goes with method: lora");
  expect(o.init != "pissa" || o.quantize == "none", "init: pissa changes the weights that quantize would round");
  expect(!(o.dora && (o.init == "pissa" || o.init == "loftq")), "dora goes with init: kaiming or gaussian");
  expect(o.prompt_init != "text" || !o.init_text.empty(), "prompt_init: text needs init_text");
  expect(o.prompt_init == "text" || o.init_text.empty(), "init_text goes with prompt_init: text");
  expect(!o.targets.empty() || (o.method != "lora" && o.method != "ia3"), "targets is empty");
  if (!wrong.empty()) base::input_error("train.recipe", {"adapter: " + wrong});
}

std::vector<std::pair<std::string, double>> pattern_of(const base::Node& node, const char* name, double min) {
  std::vector<std::pair<std::string, double>> pairs;
  if (node.kind == base::Node::Kind::kNull) return pairs;
  if (node.kind != base::Node::Kind::kMap)
    base::input_error(kOptionsWhere, {base::cat(name, " is not {name: number}"), node.scalar});
  for (const auto& [key, value] : node.members) {
    char* end = nullptr;
    const double number = std::strtod(value.scalar.c_str(), &end);
    const bool whole = value.kind == base::Node::Kind::kScalar && !value.scalar.empty() && *end == '\0';
    if (!whole || !(number >= min) || !std::isfinite(number))
      base::input_error(kOptionsWhere, {base::cat(name, ": no number for ", key), value.scalar, base::cat("at least ", min)});
    pairs.emplace_back(key, number);
  }
  return pairs;
}

}  // namespace athanor::adapters

// P-tuning (Liu et al. 2021, "GPT understands, too"): virtual tokens before every sample, at the input alone, come out of a small
// encoder so that they depend on each other while they learn. E [n, C] learned rows, then
//   lstm:  MLP(BiLSTM(E)), the LSTM of `encoder_layers` layers and width h in each direction, MLP = [2h -> 2h] ReLU [2h -> C]
//   mlp:   [C -> h] ReLU [h -> h] ReLU [h -> C]
// (h = encoder_hidden). The encoder is dropped when training ends: the folder holds what it makes. Checked against PEFT's
// PromptEncoder: logits, loss, every gradient.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/random_values.h"
#include "athanor/learn/adapters/soft_tokens.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::adapters {
namespace {

/// Children as PEFT names them: embedding, lstm_head, mlp_head.0, .2 (and .4).
class PromptEncoder : public SoftTokens {
 public:
  PromptEncoder(const AdapterContext& context, int64_t hidden) : SoftTokens(context.options.virtual_tokens, 0, 0), hidden_(hidden) {
    const AdapterOptions& o = context.options;
    const int64_t width = context.decoder.model().spec.hidden;
    lstm_layers_ = o.encoder == "lstm" ? o.encoder_layers : 0;
    auto rows = std::make_unique<nn::Group>();
    rows->add_parameter("weight",
                        learning(context.decoder, normal_values({count(), width}, 1, context.seed, "prompt_encoder.embedding")));
    add_child("embedding", std::move(rows));
    if (lstm_layers_ > 0) add_child("lstm_head", lstm(context, width));
    const std::vector<std::pair<int64_t, int64_t>> shapes =
        lstm_layers_ > 0 ? std::vector<std::pair<int64_t, int64_t>>{{2 * hidden, 2 * hidden}, {width, 2 * hidden}}
                         : std::vector<std::pair<int64_t, int64_t>>{{hidden, width}, {hidden, hidden}, {width, hidden}};
    auto head = std::make_unique<nn::Group>();
    for (size_t i = 0; i < shapes.size(); ++i) {
      const std::string name = std::to_string(2 * i);
      std::vector<at::Tensor> values = linear_values(context, "prompt_encoder.mlp_head." + name, shapes[i].first, shapes[i].second);
      head->add_child(name, std::make_unique<nn::Linear>(values[0], values[1]));
    }
    parts_ = shapes.size();
    add_child("mlp_head", std::move(head));
  }

  at::Tensor encode() override {
    at::Tensor x = child("embedding")->parameter("weight");
    if (lstm_layers_ > 0) x = through_lstm(x);
    for (size_t i = 0; i < parts_; ++i) {
      if (i > 0) x = at::relu(x);
      x = nn::layer_at(*child("mlp_head"), std::to_string(2 * i)).forward(x);
    }
    return x;
  }

 private:
  /// torch.nn.LSTM's parameters, in its order: for each layer and direction w_ih, w_hh, b_ih, b_hh, gates i f g o.
  std::unique_ptr<nn::Group> lstm(const AdapterContext& context, int64_t width) const {
    auto group = std::make_unique<nn::Group>();
    const double limit = 1 / std::sqrt(static_cast<double>(hidden_));
    for (int64_t layer = 0; layer < lstm_layers_; ++layer) {
      for (const char* direction : {"", "_reverse"}) {
        const int64_t in = layer == 0 ? width : 2 * hidden_;
        const std::pair<const char*, std::vector<int64_t>> parts[] = {{"weight_ih", {4 * hidden_, in}},
                                                                      {"weight_hh", {4 * hidden_, hidden_}},
                                                                      {"bias_ih", {4 * hidden_}},
                                                                      {"bias_hh", {4 * hidden_}}};
        for (const auto& [part, shape] : parts) {
          const std::string name = base::cat(part, "_l", layer, direction);
          group->add_parameter(
              name, learning(context.decoder, uniform_values(shape, limit, context.seed, "prompt_encoder.lstm_head." + name)));
        }
      }
    }
    return group;
  }

  at::Tensor through_lstm(const at::Tensor& x) {
    std::vector<at::Tensor> parameters;
    for (const auto& [name, value] : child("lstm_head")->own_parameters()) parameters.push_back(value);
    const at::Tensor zero = at::zeros({2 * lstm_layers_, 1, hidden_}, x.options().requires_grad(false));
    return std::get<0>(at::lstm(x.unsqueeze(0), {zero, zero}, parameters, true, lstm_layers_, 0.0, false, true, true)).squeeze(0);
  }

  int64_t hidden_, lstm_layers_ = 0;
  size_t parts_ = 0;
};

}  // namespace

std::unique_ptr<Adapter> attach_p_tuning(const AdapterContext& context) {
  at::NoGradGuard no_grad;
  const AdapterOptions& o = context.options;
  const models::DecoderSpec& spec = context.decoder.model().spec;
  check_soft(context.decoder, o.virtual_tokens, false);
  const int64_t hidden = o.encoder_hidden > 0 ? o.encoder_hidden : spec.hidden;
  base::Json config = soft_config(context.decoder, "P_TUNING", o.virtual_tokens, spec.hidden, spec.heads);
  config["encoder_reparameterization_type"] = o.encoder == "lstm" ? "LSTM" : "MLP";
  config["encoder_hidden_size"] = hidden;
  config["encoder_num_layers"] = o.encoder_layers;
  config["encoder_dropout"] = 0.0;
  return std::make_unique<SoftAdapter>(context, std::make_unique<PromptEncoder>(context, hidden), std::move(config));
}

}  // namespace athanor::adapters

#pragma once
// Options listed once. A plain struct with defaults has one `void visit(OptionVisitor&)`; from that come YAML, the command line
// (`train.lr=1e-4`), help, a JSON schema and the saved configuration. An unknown name is an error that suggests the nearest
// valid one, and all mistakes are reported at once.
//
//   struct TrainOptions {
//     int64_t steps = 1000;
//     double lr = 3e-4;
//     std::string schedule = "cosine";
//     void visit(OptionVisitor& v) {
//       v.integer("steps", steps, {"optimizer steps", 1, 1e9});
//       v.number("lr", lr, {"peak learning rate", 0, 10, {"learning_rate"}});
//       v.text("schedule", schedule, {.help = "shape after warm-up", .choices = {"constant", "linear", "cosine"}});
//     }
//   };

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "athanor/core/base/node.h"

namespace athanor::base {

struct OptionInfo {
  const char* help = "";
  double min = -std::numeric_limits<double>::infinity();  // numbers only, inclusive
  double max = std::numeric_limits<double>::infinity();
  std::vector<const char*> other_names = {};  // Hugging Face's or llama.cpp's words, recognised in the suggestion only
  std::vector<const char*> choices = {};      // text only
  bool required = false;
};

class OptionVisitor {
 public:
  virtual ~OptionVisitor() = default;
  virtual void boolean(const char* name, bool& value, const OptionInfo& info) = 0;
  virtual void integer(const char* name, int64_t& value, const OptionInfo& info) = 0;
  virtual void number(const char* name, double& value, const OptionInfo& info) = 0;
  virtual void text(const char* name, std::string& value, const OptionInfo& info) = 0;
  virtual void texts(const char* name, std::vector<std::string>& value,
                     const OptionInfo& info) = 0;  // one scalar counts as a list of one
  virtual void numbers(const char* name, std::vector<double>& value, const OptionInfo& info) = 0;
  /// A tree taken as it is (a model's config.json keys).
  virtual void tree(const char* name, Node& value, const OptionInfo& info) = 0;
  /// A nested struct.
  virtual void group(const char* name, const OptionInfo& info, const std::function<void(OptionVisitor&)>& inside) = 0;
};

/// Anything with `void visit(OptionVisitor&)`, without a virtual function in the struct itself.
using Visit = std::function<void(OptionVisitor&)>;
template <typename Options>
Visit visit_of(Options& options) {
  return [&options](OptionVisitor& v) { options.visit(v); };
}

/// Fills the struct from a tree. Throws one input_error that names every mistake (unknown name with the nearest valid one, wrong
/// kind, out of range, missing), with its line; `where` is e.g. "train.recipe".
void read_options(const Node& tree, const Visit& visit, std::string_view where);
template <typename Options>
void read_options(const Node& tree, Options& options, std::string_view where) {
  read_options(tree, visit_of(options), where);
}

/// The struct as a tree, every option included: what is saved beside a run.
Node options_to_node(const Visit& visit);
/// `name (default): help [range]`, one line each, nested names dotted.
std::string options_help(const Visit& visit);
/// JSON Schema (draft 2020-12) of the struct.
Json options_schema(const Visit& visit);

}  // namespace athanor::base

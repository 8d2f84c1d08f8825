#pragma once
// Private to base: a visitor for work that treats every kind of option alike.

#include <string>

#include "athanor/core/base/options.h"

namespace athanor::base {

/// Calls leaf() with each option's value as a tree, and its JSON type ("integer", "string[]", "" for a tree).
class OptionWalker : public OptionVisitor {
 public:
  void boolean(const char* name, bool& value, const OptionInfo& info) override;
  void integer(const char* name, int64_t& value, const OptionInfo& info) override;
  void number(const char* name, double& value, const OptionInfo& info) override;
  void text(const char* name, std::string& value, const OptionInfo& info) override;
  void texts(const char* name, std::vector<std::string>& value, const OptionInfo& info) override;
  void numbers(const char* name, std::vector<double>& value, const OptionInfo& info) override;
  void tree(const char* name, Node& value, const OptionInfo& info) override;

 protected:
  virtual void leaf(const char* name, const OptionInfo& info, const char* type, Node value) = 0;
};

/// "train" and "lr" -> "train.lr"; "" and "lr" -> "lr".
std::string dotted_name(const std::string& prefix, const std::string& name);
/// "1 to 10", "at least 1", "at most 10", or "".
std::string range_text(const OptionInfo& info);
/// "constant, linear, cosine", or "".
std::string choices_text(const OptionInfo& info);

}  // namespace athanor::base

#include "athanor/core/text/templates/represent.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/text/templates/namespace.h"
#include "athanor/core/text/templates/number_text.h"
#include "athanor/core/text/templates/python_text.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text::templates {
namespace {

void append_hex(std::string& out, const char* mark, uint32_t code, int digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += mark;
  for (int i = digits - 1; i >= 0; --i) out += kHex[code >> (4 * i) & 15];
}

std::string quote_text(std::string_view text) {
  char quote = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (size_t at = 0; at < text.size();) {
    Char c = char_at(text.data() + at);
    if (c.code == static_cast<uint32_t>(quote) || c.code == '\\')
      out += {'\\', static_cast<char>(c.code)};
    else if (c.code == '\n')
      out += "\\n";
    else if (c.code == '\r')
      out += "\\r";
    else if (c.code == '\t')
      out += "\\t";
    else if (is_printable(c.code))
      out += text.substr(at, c.length);
    else if (c.code < 0x100)
      append_hex(out, "\\x", c.code, 2);
    else if (c.code < 0x10000)
      append_hex(out, "\\u", c.code, 4);
    else
      append_hex(out, "\\U", c.code, 8);
    at += c.length;
  }
  return out + quote;
}

/// Writes into one text, so that a value deep inside is not copied at every level.
class Representer {
 public:
  Representer(Budget& budget) : budget_(budget) {}
  std::string take() { return std::move(out_); }

  void repr(const Value& value) {
    budget_.step();
    if (++open_ > 2 * kMostNesting) fault("values are nested too deep");  // only namespaces can lead there
    write(value);
    --open_;
  }

 private:
  void write(const Value& value) {
    switch (value.kind()) {
      case Kind::kString:
        return add(value.safe() ? "Markup(" + quote_text(value.text()) + ")" : quote_text(value.text()));
      case Kind::kList:
        return items(value.items(), "[", "]");
      case Kind::kTuple:
        return items(value.items(), "(", value.items().size() == 1 ? ",)" : ")");
      case Kind::kDict:
        return dict(value.entries());
      case Kind::kView:
        return view(value);
      case Kind::kSpecial:
        return special(value);
      default:
        return add(plain(value));
    }
  }

  void add(std::string_view text) {
    budget_.bytes(text.size());
    if (out_.size() + text.size() > kMostOutput) fault("a text is longer than 4 MiB");
    out_ += text;
  }

  static std::string plain(const Value& value) {
    switch (value.kind()) {
      case Kind::kUndefined:
        return "Undefined";
      case Kind::kBool:
        return value.whole() ? "True" : "False";
      case Kind::kInt:
        return base::cat(value.whole());
      case Kind::kFloat:
        return float_text(value.real());
      case Kind::kRange: {
        const Range& range = value.as<Range>();
        std::string text = base::cat("range(", range.start, ", ", range.stop);
        return range.step == 1 ? text + ")" : base::cat(text, ", ", range.step, ")");
      }
      case Kind::kIterator:
        return "<generator object>";
      default:
        return "None";
    }
  }

  void items(const Values& values, const char* open, const char* close) {
    add(open);
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) add(", ");
      repr(values[i]);
    }
    add(close);
  }

  void dict(const Dict& dict) {
    add("{");
    for (size_t i = 0; i < dict.pairs().size(); ++i) {
      if (i > 0) add(", ");
      repr(dict.pairs()[i].first);
      add(": ");
      repr(dict.pairs()[i].second);
    }
    add("}");
  }

  void view(const Value& value) {
    const View& view = value.as<View>();
    add(type_name(value) + "([");
    bool first = true;
    for (const auto& [key, item] : view.dict.entries().pairs()) {
      if (!first) add(", ");
      first = false;
      if (view.part == ViewPart::kItems)
        items({key, item}, "(", ")");
      else
        repr(view.part == ViewPart::kKeys ? key : item);
    }
    add("])");
  }

  void special(const Value& value) {
    auto* space = value.special_as<Namespace>();
    if (!space) return add(base::cat("<", type_name(value), ">"));
    add("<Namespace ");
    dict(space->attributes);
    add(">");
  }

  Budget& budget_;
  std::string out_;
  int open_ = 0;
};

}  // namespace

std::string str_of(const Value& value, Budget& budget) {
  if (value.is_undefined()) return "";
  if (value.is_string()) return budget.bytes(value.text().size()), value.text();
  return repr_of(value, budget);
}

std::string repr_of(const Value& value, Budget& budget) {
  Representer writer(budget);
  writer.repr(value);
  return writer.take();
}

}  // namespace athanor::text::templates

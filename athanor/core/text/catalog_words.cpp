// The rows of what turns text into words: normalizers and pre-tokenizers.

#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/pre_tokenizer.h"

namespace athanor::text {

using Norm = std::unique_ptr<Normalizer>;
Norm make_nfc(const Component&);
Norm make_nfd(const Component&);
Norm make_nfkc(const Component&);
Norm make_nfkd(const Component&);
Norm make_prepend(const Component&);
Norm make_replace(const Component&);
Norm make_lowercase(const Component&);
Norm make_bert_normalizer(const Component&);
Norm make_strip_normalizer(const Component&);
Norm make_strip_accents(const Component&);
Norm make_nmt(const Component&);
Norm make_precompiled(const Component&);
Norm make_byte_level_normalizer(const Component&);
Norm make_normalizer_sequence(const Component&);

using Pre = std::unique_ptr<PreTokenizer>;
Pre make_byte_level_split(const Component&);
Pre make_split(const Component&);
Pre make_digits(const Component&);
Pre make_metaspace_split(const Component&);
Pre make_bert_pre_tokenizer(const Component&);
Pre make_whitespace(const Component&);
Pre make_whitespace_split(const Component&);
Pre make_char_delimiter_split(const Component&);
Pre make_punctuation(const Component&);
Pre make_fixed_length(const Component&);
Pre make_unicode_scripts(const Component&);
Pre make_pre_tokenizer_sequence(const Component&);

std::span<const NormalizerRow> normalizers() {
  static const NormalizerRow rows[] = {
      {{"nfc", "composes characters", "Unicode Annex #15", "tokenizers/normalizers/unicode_forms.cpp"}, "NFC", make_nfc},
      {{"nfd", "decomposes characters", "Unicode Annex #15", "tokenizers/normalizers/unicode_forms.cpp"}, "NFD", make_nfd},
      {{"nfkc", "composes characters, look-alikes made equal", "Unicode Annex #15", "tokenizers/normalizers/unicode_forms.cpp"},
       "NFKC",
       make_nfkc},
      {{"nfkd", "decomposes characters, look-alikes made equal", "Unicode Annex #15", "tokenizers/normalizers/unicode_forms.cpp"},
       "NFKD",
       make_nfkd},
      {{"prepend", "puts a fixed text before every piece", "", "tokenizers/normalizers/prepend.cpp"}, "Prepend", make_prepend},
      {{"replace", "replaces a text or what a pattern matches", "", "tokenizers/normalizers/replace.cpp"}, "Replace", make_replace},
      {{"lowercase", "makes every character lower case", "", "tokenizers/normalizers/lowercase.cpp"}, "Lowercase", make_lowercase},
      {{"bert", "BERT's: cleaned, ideographs apart, without accents, lower case", "Devlin et al. 2018, arXiv:1810.04805",
        "tokenizers/normalizers/bert.cpp"},
       "BertNormalizer",
       make_bert_normalizer},
      {{"strip", "takes white space off the ends", "", "tokenizers/normalizers/strip.cpp"}, "Strip", make_strip_normalizer},
      {{"strip-accents", "leaves combining marks out", "", "tokenizers/normalizers/strip.cpp"}, "StripAccents", make_strip_accents},
      {{"nmt", "SentencePiece's treatment of control characters and white space", "Kudo and Richardson 2018, arXiv:1808.06226",
        "tokenizers/normalizers/nmt.cpp"},
       "Nmt",
       make_nmt},
      {{"precompiled", "SentencePiece's map of characters", "Kudo and Richardson 2018, arXiv:1808.06226",
        "tokenizers/normalizers/precompiled.cpp"},
       "Precompiled",
       make_precompiled},
      {{"byte-level", "every byte as its printable stand-in", "Radford et al. 2019", "tokenizers/normalizers/byte_level.cpp"},
       "ByteLevel",
       make_byte_level_normalizer},
      {{"sequence", "normalizers one after the other", "", "tokenizers/normalizers/sequence.cpp"},
       "Sequence",
       make_normalizer_sequence},
  };
  return rows;
}

std::span<const PreTokenizerRow> pre_tokenizers() {
  static const PreTokenizerRow rows[] = {
      {{"byte-level", "GPT-2's words, as bytes", "Radford et al. 2019", "tokenizers/pre_tokenizers/byte_level.cpp"},
       "ByteLevel",
       make_byte_level_split},
      {{"split", "cuts where a text or a pattern matches", "", "tokenizers/pre_tokenizers/split.cpp"}, "Split", make_split},
      {{"digits", "numbers apart from the rest", "", "tokenizers/pre_tokenizers/digits.cpp"}, "Digits", make_digits},
      {{"metaspace", "spaces become marks, at which words begin", "Kudo and Richardson 2018, arXiv:1808.06226",
        "tokenizers/pre_tokenizers/metaspace.cpp"},
       "Metaspace",
       make_metaspace_split},
      {{"bert", "words between white space, every punctuation sign apart", "Devlin et al. 2018, arXiv:1810.04805",
        "tokenizers/pre_tokenizers/char_classes.cpp"},
       "BertPreTokenizer",
       make_bert_pre_tokenizer},
      {{"whitespace", "runs of word characters, and runs of signs", "", "tokenizers/pre_tokenizers/char_classes.cpp"},
       "Whitespace",
       make_whitespace},
      {{"whitespace-split", "what is between white space", "", "tokenizers/pre_tokenizers/char_classes.cpp"},
       "WhitespaceSplit",
       make_whitespace_split},
      {{"char-delimiter-split", "what is between one character", "", "tokenizers/pre_tokenizers/char_classes.cpp"},
       "CharDelimiterSplit",
       make_char_delimiter_split},
      {{"punctuation", "punctuation apart from the rest", "", "tokenizers/pre_tokenizers/char_classes.cpp"},
       "Punctuation",
       make_punctuation},
      {{"fixed-length", "so many characters to a word", "", "tokenizers/pre_tokenizers/fixed_length.cpp"},
       "FixedLength",
       make_fixed_length},
      {{"unicode-scripts", "words end where the script changes", "Kudo and Richardson 2018, arXiv:1808.06226",
        "tokenizers/pre_tokenizers/unicode_scripts.cpp"},
       "UnicodeScripts",
       make_unicode_scripts},
      {{"sequence", "pre-tokenizers one after the other", "", "tokenizers/pre_tokenizers/sequence.cpp"},
       "Sequence",
       make_pre_tokenizer_sequence},
  };
  return rows;
}

Norm make_normalizer(const Component& c) { return find_component(normalizers(), c, "normalizer").make(c); }
Pre make_pre_tokenizer(const Component& c) { return find_component(pre_tokenizers(), c, "pre-tokenizer").make(c); }

}  // namespace athanor::text

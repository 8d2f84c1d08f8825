#include "athanor/core/base/base64.h"

#include <gtest/gtest.h>

namespace athanor::base {
namespace {

TEST(Base64, TheExamplesOfTheRfc) {
  const char* pairs[][2] = {{"", ""},
                            {"f", "Zg=="},
                            {"fo", "Zm8="},
                            {"foo", "Zm9v"},
                            {"foob", "Zm9vYg=="},
                            {"fooba", "Zm9vYmE="},
                            {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : pairs) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(all)), all);
}

TEST(Base64, WhatIsNotBase64IsRefused) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg==Zg==", "=Zg=", "Z===", "====", "Zg =", "Zm9\xff", "Zg-_"})
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace athanor::base

#include "runtime/trace.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qungong {
namespace {

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceTest, ChildKeepsTheTraceAndTheFlagsAndChangesTheSpan) {
  const std::string child = ChildTrace(kParent);
  EXPECT_EQ(child.size(), 55u);
  EXPECT_EQ(TraceId(child), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(child.substr(52), "-01");
  EXPECT_NE(child.substr(36, 16), "00f067aa0ba902b7");
}

TEST(TraceTest, WhatIsNotATraceparentBeginsANewTrace) {
  for (const char* bad : {"", "00", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    EXPECT_EQ(TraceId(bad), "") << bad;
    EXPECT_EQ(TraceId(ChildTrace(bad)).size(), 32u) << bad;
  }
}

TEST(TraceTest, CorrelationIdIsKeptOnlyIfItIsHarmless) {
  EXPECT_EQ(CorrelationIdOrNew("abc-DEF-0123"), "abc-DEF-0123");
  for (const char* bad : {"", "short", "has space", "quote\"quote", "line\nbreak\n"}) {
    EXPECT_NE(CorrelationIdOrNew(bad), bad);
    EXPECT_EQ(CorrelationIdOrNew(bad).size(), 24u);
  }
}

}  // namespace
}  // namespace qungong

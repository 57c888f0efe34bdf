#include "runtime/tls.h"

#include <string>

#include "gtest/gtest.h"

namespace qungong {
namespace {

struct Address {
  const char* name;
  const char* text;
  bool local;
};

class IsLocalTest : public ::testing::TestWithParam<Address> {};

TEST_P(IsLocalTest, OnlyLoopbackAndSocketsStayOnThisMachine) {
  EXPECT_EQ(IsLocal(GetParam().text), GetParam().local) << GetParam().text;
  EXPECT_EQ(CheckPlainText("--listen", GetParam().text, /*allowed=*/false).ok(), GetParam().local);
  EXPECT_TRUE(CheckPlainText("--listen", GetParam().text, /*allowed=*/true).ok());
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, IsLocalTest,
    ::testing::Values(
        Address{"Loopback", "127.0.0.1:80", true}, Address{"AnyOfLoopback", "127.8.9.10:80", true},
        Address{"Loopback6", "[::1]:80", true}, Address{"Localhost", "localhost:80", true},
        Address{"LocalhostByDns", "dns:///localhost:80", true},
        Address{"Ipv4Scheme", "ipv4:127.0.0.1:80", true},
        Address{"Ipv6Scheme", "ipv6:[::1]:80", true},
        Address{"Socket", "unix:/run/mysqld.sock", true},
        Address{"AbstractSocket", "unix-abstract:a", true},
        Address{"AllInterfaces", "0.0.0.0:80", false}, Address{"AllInterfaces6", "[::]:80", false},
        Address{"NoHost", ":80", false}, Address{"Private", "10.0.0.1:80", false},
        Address{"NameThatBeginsSo", "localhost.example.org:80", false},
        Address{"AddressThatBeginsSo", "127.0.0.1.example.org:80", false},
        Address{"Service", "dns:///org-service:50051", false},
        Address{"OneOfTwo", "ipv4:10.0.0.1:80,127.0.0.1:80", false},
        Address{"OtherOfTwo", "ipv4:127.0.0.1:80,10.0.0.1:80", false},
        Address{"OtherDnsServer", "dns://8.8.8.8/localhost:80", false},
        Address{"HalfBracket", "[::1:80", false}, Address{"Empty", "", false}),
    [](const auto& case_info) { return case_info.param.name; });

TEST(TlsTest, WhatIsRefusedNamesTheFlagAndTheWayOut) {
  const std::string message(CheckPlainText("--listen", "0.0.0.0:80", false).message());
  EXPECT_NE(message.find("--listen=0.0.0.0:80"), std::string::npos) << message;
  EXPECT_NE(message.find("--allow_plain_text"), std::string::npos) << message;
}

}  // namespace
}  // namespace qungong

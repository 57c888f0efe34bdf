#include "ticket-service/ticket_number.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "runtime/status.h"

namespace qungong::ticket {
namespace {

const TicketNumber kLamp = {absl::CivilDay(2015, 7, 30), "500105", 123};

// All numbers that tests walk: every district code of the city in 2023, days at the ends of months,
// low and high sequences.
std::vector<std::string> SomeNumbers() {
  std::vector<std::string> numbers;
  for (const char* district : {"000000", "500101", "500105", "500112", "500243", "500999"}) {
    for (const absl::CivilDay day : {absl::CivilDay(2015, 7, 30), absl::CivilDay(2016, 2, 29),
                                     absl::CivilDay(2026, 12, 31), absl::CivilDay(2030, 1, 1)}) {
      for (const int32_t sequence : {1, 9, 10, 123, 90909, 123456, kLastSequence}) {
        numbers.push_back(FormatTicketNumber({day, district, sequence}).value());
      }
    }
  }
  return numbers;
}

TEST(TicketNumber, FormatsWithItsCheckDigit) {
  EXPECT_EQ(FormatTicketNumber(kLamp).value(), "QG20150730-500105-000123-7");
  EXPECT_EQ(DammCheckDigit("572"), '4');  // the example of Damm's algorithm in the literature
  EXPECT_EQ(DammCheckDigit(""), '0');
}

TEST(TicketNumber, ParseIsTheInverseOfFormat) {
  for (const std::string& text : SomeNumbers()) {
    const auto number = ParseTicketNumber(text);
    ASSERT_TRUE(number.ok()) << text << " " << number.status();
    EXPECT_EQ(FormatTicketNumber(*number).value(), text);
  }
  EXPECT_EQ(ParseTicketNumber(FormatTicketNumber(kLamp).value()).value(), kLamp);
}

TEST(TicketNumber, EveryWrongDigitIsNoticed) {
  for (const std::string& text : SomeNumbers()) {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '-') continue;
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string wrong = text;
        wrong[i] = digit;
        if (wrong == text) continue;
        EXPECT_EQ(ReasonOf(ParseTicketNumber(wrong).status()), "TICKET_NUMBER_MISTYPED") << wrong;
      }
    }
  }
}

TEST(TicketNumber, EverySwapOfNeighboursIsNoticed) {
  for (const std::string& text : SomeNumbers()) {
    std::string digits;
    for (const char c : text.substr(2)) {
      if (c != '-') digits.push_back(c);
    }
    for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
      std::string wrong = digits;
      std::swap(wrong[i], wrong[i + 1]);
      if (wrong == digits) continue;
      EXPECT_EQ(ReasonOf(ParseTicketNumber("QG" + wrong).status()), "TICKET_NUMBER_MISTYPED")
          << wrong;
    }
  }
}

// The claim in the header, about any number and not only those above: from every state, no two
// digits can be swapped and none replaced. With it, the swap of the last digit and the check digit.
TEST(DammCheckDigit, LeavesNoSlipInAnyState) {
  for (int prefix = 0; prefix < 100; ++prefix) {
    const std::string state = absl::StrCat(prefix);
    for (char a = '0'; a <= '9'; ++a) {
      for (char b = '0'; b <= '9'; ++b) {
        if (a == b) continue;
        EXPECT_NE(DammCheckDigit(state + a), DammCheckDigit(state + b));
        EXPECT_NE(DammCheckDigit(state + a + b), DammCheckDigit(state + b + a));
      }
      EXPECT_EQ(DammCheckDigit(state + a + DammCheckDigit(state + a)), '0');
    }
  }
}

char Luhn(const std::string& digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int digit = digits[digits.size() - 1 - i] - '0';
    sum += i % 2 == 0 ? digit / 5 + digit * 2 % 10 : digit;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

char Mod1110(const std::string& digits) {
  int product = 10;
  for (const char c : digits) {
    const int sum = (product + c - '0') % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return static_cast<char>('0' + (11 - product) % 10);
}

// Swaps of neighbours that a scheme does not notice, among three digits after each two-digit
// beginning.
template <typename Scheme>
int OverlookedSwaps(Scheme scheme) {
  int overlooked = 0;
  for (int prefix = 0; prefix < 100; ++prefix) {
    const std::string state = absl::StrFormat("%02d", prefix);
    for (char a = '0'; a <= '9'; ++a) {
      for (char b = '0'; b < a; ++b) overlooked += scheme(state + a + b) == scheme(state + b + a);
    }
  }
  return overlooked;
}

TEST(DammCheckDigit, IsChosenBecauseTheOthersOverlookSwaps) {
  EXPECT_GT(OverlookedSwaps(Luhn), 0);
  EXPECT_GT(OverlookedSwaps(Mod1110), 0);
  EXPECT_EQ(OverlookedSwaps(DammCheckDigit), 0);
  EXPECT_EQ(Luhn("7992739871"), '3');  // the schemes themselves are right
  EXPECT_EQ(Mod1110("0794"), '5');     // ISO 7064's example
}

TEST(TicketNumber, IsReadAsPeopleTypeIt) {
  const std::vector<std::string> typed = {"QG20150730-500105-000123-7",
                                          "qg20150730-500105-000123-7",
                                          "QG201507305001050001237",
                                          "  QG 2015 0730 500105 000123 7\n",
                                          "QG-20150730–500105—000123－7",
                                          "ＱＧ２０１５０７３０－５００１０５－０００１２３－7",
                                          "ｑｇ２０１５０７３０　５００１０５　０００１２３　7"};
  for (const std::string& text : typed) {
    const auto number = ParseTicketNumber(text);
    ASSERT_TRUE(number.ok()) << text;
    EXPECT_EQ(*number, kLamp) << text;
  }
}

std::string WithCheck(const std::string& digits) { return "QG" + digits + DammCheckDigit(digits); }

TEST(TicketNumber, RefusesWhatWasNeverGiven) {
  const std::vector<std::string> malformed = {"",
                                              "QG",
                                              "20150730-500105-000123-0",
                                              "GQ20150730-500105-000123-0",
                                              "QG20150730-500105-000123",
                                              "QG20150730-500105-000123-00",
                                              "QG2015073O-500105-000123-0",
                                              "QG20150730-500105-00012３x",
                                              std::string("QG20150730-500105-000123-\0", 26),
                                              WithCheck("20150230500105000123"),
                                              WithCheck("20151330500105000123"),
                                              WithCheck("20150700500105000123"),
                                              WithCheck("00000000500105000123"),
                                              WithCheck("20150730500105000000"),
                                              std::string(100000, '1')};
  for (const std::string& text : malformed) {
    EXPECT_EQ(ReasonOf(ParseTicketNumber(text).status()), "TICKET_NUMBER_MALFORMED")
        << text.substr(0, 40);
  }
}

TEST(TicketNumber, DoesNotFormatWhatItCouldNotRead) {
  const std::vector<TicketNumber> bad = {{absl::CivilDay(2015, 7, 30), "50010", 1},
                                         {absl::CivilDay(2015, 7, 30), "50010x", 1},
                                         {absl::CivilDay(2015, 7, 30), "", 1},
                                         {absl::CivilDay(2015, 7, 30), "500105", 0},
                                         {absl::CivilDay(2015, 7, 30), "500105", -1},
                                         {absl::CivilDay(2015, 7, 30), "500105", kLastSequence + 1},
                                         {absl::CivilDay(999, 7, 30), "500105", 1},
                                         {absl::CivilDay(10000, 1, 1), "500105", 1}};
  for (const TicketNumber& number : bad) {
    EXPECT_EQ(FormatTicketNumber(number).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace qungong::ticket

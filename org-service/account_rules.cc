#include "org-service/account_rules.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr int kMinPassword = 10;
constexpr int kMinSecret = 32;
constexpr size_t kMinDifferent = 5;

// Of the lists of leaked passwords, those that the other rules let through; in lower case. A
// password that begins with one of them and adds at most two characters is as common.
constexpr absl::string_view kCommon[] = {
    "0123456789",    "1234567890",  "123456789a",  "12345678910", "1234512345",   "1q2w3e4r5t",
    "1qaz2wsx3edc",  "5201314520",  "987654321",   "a123456789",  "a1234567890",  "aa123456789",
    "abc1234567",    "abcd123456",  "abcd1234567", "abcdefghij",  "admin123456",  "adminadmin",
    "administrator", "asdfghjkl",   "changeme12",  "changeme123", "chongqing123", "iloveyou123",
    "letmein1234",   "p@ssw0rd",    "pass123456",  "passw0rd",    "password",     "q1w2e3r4t5",
    "qazwsxedc",     "qq123456789", "qungong123",  "qwe1234567",  "qwer123456",   "qwertyuiop",
    "qwerty12345",   "woaini1314",  "woaini520",   "zhongguo123", "zxcvbnm123",
};

int CodePoints(absl::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

absl::Status TooWeak(absl::string_view rule, absl::string_view text, absl::string_view chinese) {
  absl::Status status = absl::InvalidArgumentError(absl::StrCat("the password ", text));
  return WithChinese(WithReason(std::move(status), "PASSWORD_TOO_WEAK", {{"rule", rule}}), chinese);
}

bool IsCommon(absl::string_view lower) {
  return std::any_of(std::begin(kCommon), std::end(kCommon), [&](absl::string_view common) {
    return absl::StartsWith(lower, common) && lower.size() <= common.size() + 2;
  });
}

}  // namespace

absl::Status CheckPassword(absl::string_view login, absl::string_view password,
                           v1::Account::Kind kind) {
  const int needed = kind == v1::Account::SERVICE ? kMinSecret : kMinPassword;
  if (CodePoints(password) < needed) {
    return TooWeak("length", absl::StrCat("has fewer than ", needed, " characters"),
                   absl::StrCat("密码至少需要", needed, "个字符。"));
  }
  if (std::set<char>(password.begin(), password.end()).size() < kMinDifferent) {
    return TooWeak("variety", "repeats too few different characters",
                   "密码中重复的字符太多,请换一个。");
  }
  const std::string lower = absl::AsciiStrToLower(password);
  if (absl::StrContains(lower, absl::AsciiStrToLower(login))) {
    return TooWeak("login", "contains the login", "密码不能包含登录名。");
  }
  if (IsCommon(lower)) {
    return TooWeak("common", "is one of the most common ones", "这个密码太常见,请换一个。");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Account::State> NextState(v1::Account::State from, AccountStep step) {
  if (step == AccountStep::kDisable) {
    if (from == v1::Account::ACTIVE) return v1::Account::DISABLED;
    return WithChinese(WithReason(absl::FailedPreconditionError("the account is not active"),
                                  "ACCOUNT_NOT_ACTIVE"),
                       "该账号未启用。");
  }
  if (from == v1::Account::DISABLED) return v1::Account::ACTIVE;
  return WithChinese(WithReason(absl::FailedPreconditionError("the account is not disabled"),
                                "ACCOUNT_NOT_DISABLED"),
                     "该账号没有被停用。");
}

absl::Status CheckNotOwn(absl::string_view caller, absl::string_view account) {
  if (caller != account) return absl::OkStatus();
  return WithChinese(WithReason(absl::FailedPreconditionError("nobody does this to an own account"),
                                "OWN_ACCOUNT"),
                     "不能对自己的账号进行此操作。");
}

}  // namespace qungong::org

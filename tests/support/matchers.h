// Matchers of GoogleMock for statuses and protobuf messages.
//
//   EXPECT_THAT(Parse("x"), StatusIs(absl::StatusCode::kInvalidArgument,
//   HasReason("INVALID_NAME"))); EXPECT_THAT(Load(id), IsOkAndHolds(EqualsProto(R"pb(state:
//   ACCEPTED)pb")));
//
// They take absl::Status, absl::StatusOr and grpc::Status alike.
#ifndef QUNGONG_TESTS_SUPPORT_MATCHERS_H_
#define QUNGONG_TESTS_SUPPORT_MATCHERS_H_

#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "grpcpp/support/status.h"
#include "runtime/status.h"

namespace qungong::testing {

inline absl::Status AsStatus(const absl::Status& status) { return status; }
inline absl::Status AsStatus(const grpc::Status& status) { return FromGrpcStatus(status); }
template <typename T>
absl::Status AsStatus(const absl::StatusOr<T>& result) {
  return result.status();
}

inline std::string Describe(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return status.ToString(absl::StatusToStringMode::kWithNoExtraData) +
         (reason.empty() ? "" : " [" + reason + "]");
}

MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  const absl::Status status = AsStatus(arg);
  if (!status.ok()) *result_listener << "which is " << Describe(status);
  return status.ok();
}

// Of the status's reason code (google.rpc.ErrorInfo).
inline ::testing::Matcher<const absl::Status&> HasReason(const std::string& reason) {
  return ::testing::ResultOf(
      "reason", [](const absl::Status& status) { return ReasonOf(status); }, ::testing::Eq(reason));
}

MATCHER_P(StatusIs, code,
          std::string(negation ? "is not " : "is ") + absl::StatusCodeToString(code)) {
  const absl::Status status = AsStatus(arg);
  *result_listener << "which is " << Describe(status);
  return status.code() == code;
}

// `inner` is HasReason, or a matcher of the message's text.
MATCHER_P2(StatusIs, code, inner,
           std::string(negation ? "is not " : "is ") + absl::StatusCodeToString(code)) {
  const absl::Status status = AsStatus(arg);
  *result_listener << "which is " << Describe(status);
  if (status.code() != code) return false;
  if constexpr (std::is_same_v<inner_type, ::testing::Matcher<const absl::Status&>>) {
    return inner.MatchAndExplain(status, result_listener);
  } else {
    const ::testing::Matcher<const std::string&> matcher = inner;
    return matcher.MatchAndExplain(std::string(status.message()), result_listener);
  }
}

template <typename Inner>
class IsOkAndHoldsMatcher {
 public:
  explicit IsOkAndHoldsMatcher(Inner inner) : inner_(std::move(inner)) {}
  using is_gtest_matcher = void;

  template <typename T>
  bool MatchAndExplain(const absl::StatusOr<T>& result,
                       ::testing::MatchResultListener* listener) const {
    if (!result.ok()) {
      *listener << "which is " << Describe(result.status());
      return false;
    }
    return ::testing::SafeMatcherCast<const T&>(inner_).MatchAndExplain(*result, listener);
  }
  void DescribeTo(std::ostream* out) const { *out << "is OK and holds what was asked for"; }
  void DescribeNegationTo(std::ostream* out) const { *out << "is not OK or holds something else"; }

 private:
  Inner inner_;
};
template <typename Inner>
IsOkAndHoldsMatcher<std::decay_t<Inner>> IsOkAndHolds(Inner&& inner) {
  return IsOkAndHoldsMatcher<std::decay_t<Inner>>(std::forward<Inner>(inner));
}

// Expects a message, or the text form of one of the same type.
class EqualsProto {
 public:
  using is_gtest_matcher = void;

  explicit EqualsProto(std::string text) : text_(std::move(text)) {}
  explicit EqualsProto(const google::protobuf::Message& message) : message_(message.New()) {
    message_->CopyFrom(message);
  }

  bool MatchAndExplain(const google::protobuf::Message& actual,
                       ::testing::MatchResultListener* listener) const {
    std::shared_ptr<google::protobuf::Message> expected = message_;
    if (expected == nullptr) {
      expected.reset(actual.New());
      if (!google::protobuf::TextFormat::ParseFromString(text_, expected.get())) {
        *listener << "but the expected text is not a " << actual.GetTypeName();
        return false;
      }
    }
    if (expected->GetDescriptor() != actual.GetDescriptor()) {
      *listener << "which is a " << actual.GetTypeName();
      return false;
    }
    std::string difference;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    const bool equal = differencer.Compare(*expected, actual);
    if (!equal) *listener << "which differs:\n" << difference;
    return equal;
  }
  void DescribeTo(std::ostream* out) const { *out << "equals\n" << Expected(); }
  void DescribeNegationTo(std::ostream* out) const { *out << "does not equal\n" << Expected(); }

 private:
  std::string Expected() const { return message_ == nullptr ? text_ : message_->DebugString(); }

  std::string text_;
  std::shared_ptr<google::protobuf::Message> message_;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_MATCHERS_H_

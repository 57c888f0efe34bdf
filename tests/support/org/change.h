// What holds for every mutation of org-service, checked for one request at a time.
#ifndef QUNGONG_TESTS_SUPPORT_ORG_CHANGE_H_
#define QUNGONG_TESTS_SUPPORT_ORG_CHANGE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "tests/support/service_fixture.h"

namespace qungong::org {

using MessagePtr = std::shared_ptr<google::protobuf::Message>;

// One mutation, to be made as often as a test likes.
struct Change {
  MessagePtr request;
  std::function<absl::StatusOr<MessagePtr>(const google::protobuf::Message&)> make;

  absl::StatusOr<MessagePtr> Make() const { return make(*request); }
  // Whether it is about a resource that exists.
  bool IsTransition() const;
};

// `call` makes a Request of it and returns StatusOr<Response>.
template <typename Request, typename Call>
Change MakeChange(Request request, Call call) {
  return {std::make_shared<Request>(std::move(request)),
          [call](const google::protobuf::Message& message) -> absl::StatusOr<MessagePtr> {
            auto result = call(static_cast<const Request&>(message));
            if (!result.ok()) return result.status();
            return std::make_shared<typename decltype(result)::value_type>(*std::move(result));
          }};
}

// A text field; "" if the message has none of that name.
std::string FieldOf(const google::protobuf::Message& message, const char* field);
void SetField(google::protobuf::Message& message, const char* field, const std::string& value);

// Makes the change, which succeeds; again it gives the same answer and leaves no second trace; with
// `field` set to `other` its request_id is refused.
void ExpectRepeatable(testing::TestService& service, const Change& change, const char* field,
                      const std::string& other);
// Makes the change with wrong etags, which is refused, and then with `etag`, which succeeds.
// Returns the new etag.
std::string ExpectEtagChecked(const Change& change, const std::string& etag);
// With `field` naming something that is not the caller's, the caller is told exactly what it is
// told with an absent name, and nothing changes.
void ExpectSameAsAbsent(testing::TestService& service, Change change, const char* field);

}  // namespace qungong::org

#endif  // QUNGONG_TESTS_SUPPORT_ORG_CHANGE_H_

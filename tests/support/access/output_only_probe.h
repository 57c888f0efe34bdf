// What only the server sets cannot be set by anyone: a request with every such field filled with
// garbage has the effect of the same request without.
#ifndef QUNGONG_TESTS_SUPPORT_ACCESS_OUTPUT_ONLY_PROBE_H_
#define QUNGONG_TESTS_SUPPORT_ACCESS_OUTPUT_ONLY_PROBE_H_

#include <functional>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "tests/support/access/attempt.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {

using IsServersOwn = std::function<bool(const google::protobuf::FieldDescriptor&)>;

// By the contract's option.
bool IsOutputOnly(const google::protobuf::FieldDescriptor& field);

// The fields of a message, at any depth, that are the server's own: "shelf.books.lent".
std::vector<std::string> ServersOwnFields(const google::protobuf::Descriptor& message,
                                          const IsServersOwn& is_own = IsOutputOnly);

// Makes the call twice, each about resources of its own, the second time with garbage in all those
// fields. The replies must be alike but for names and numbers, and no table may hold the garbage;
// where that is not so, and a field that the scenario leaves no place for, in words.
std::vector<std::string> CompareWithGarbage(
    TestService& service, const google::protobuf::MethodDescriptor& method,
    const Scenario& scenario, const std::function<std::string(const Attempt&)>& token_for,
    const IsServersOwn& is_own = IsOutputOnly);

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_ACCESS_OUTPUT_ONLY_PROBE_H_

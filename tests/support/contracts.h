// The contracts as they are written, not as they are linked: what is linked may lack a service that
// nobody registers. Methods by name: "qungong.ticket.v1.TicketService/AcceptTicket".
#ifndef QUNGONG_TESTS_SUPPORT_CONTRACTS_H_
#define QUNGONG_TESTS_SUPPORT_CONTRACTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace qungong::testing {

// The methods of a package, or of all packages of ours for "", in the order in which they stand.
std::vector<std::string> MethodsOf(absl::string_view package = "");
// Those of them that have a request_id.
std::vector<std::string> MutatingMethods(absl::string_view package);

// A method of the contracts, or one of a test's own that is linked; null if there is none.
const google::protobuf::MethodDescriptor* FindMethod(absl::string_view method);
// What a call asks for: the request, of an upload its metadata.
const google::protobuf::Descriptor* AskedOf(const google::protobuf::MethodDescriptor& method);
bool HasRequestId(const google::protobuf::MethodDescriptor& method);

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_CONTRACTS_H_

// Classes and deadline policies: dated rows.
#ifndef QUNGONG_TICKET_SERVICE_CLASS_STORE_H_
#define QUNGONG_TICKET_SERVICE_CLASS_STORE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "qungong/ticket/v1/ticket_class_service.pb.h"
#include "runtime/mysql.h"

namespace qungong::ticket {

// Classes in force on a day, by code, after a code.
absl::StatusOr<std::vector<v1::TicketClass>> LoadClasses(mysql::Tx& tx, int32_t day,
                                                         absl::string_view after_code, int limit);
// A class in force on a day that has no classes below it; INVALID_ARGUMENT CLASS_UNKNOWN otherwise.
absl::StatusOr<v1::TicketClass> LoadAssignableClass(mysql::Tx& tx, absl::string_view name,
                                                    int32_t day);
// The same, with its policy for an urgency (LoadPolicy), in one query.
struct ClassAndPolicy {
  v1::TicketClass ticket_class;
  v1::DeadlinePolicy policy;
};
absl::StatusOr<ClassAndPolicy> LoadAssignableClassAndPolicy(mysql::Tx& tx, absl::string_view name,
                                                            v1::Ticket::Urgency urgency,
                                                            int32_t day);

// Policies in force on a day by class code and urgency, after such a pair.
absl::StatusOr<std::vector<v1::DeadlinePolicy>> LoadPolicies(mysql::Tx& tx, int32_t day,
                                                             absl::string_view after_code,
                                                             int after_urgency, int limit);
// The policy of the longest class code that begins `class_code`; INTERNAL POLICY_MISSING if there
// is none.
absl::StatusOr<v1::DeadlinePolicy> LoadPolicy(mysql::Tx& tx, absl::string_view class_code,
                                              v1::Ticket::Urgency urgency, int32_t day);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_CLASS_STORE_H_

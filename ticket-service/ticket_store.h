// Tickets in the database: one row, its parts, and what is sealed.
#ifndef QUNGONG_TICKET_SERVICE_TICKET_STORE_H_
#define QUNGONG_TICKET_SERVICE_TICKET_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "qungong/ticket/v1/ticket.pb.h"
#include "runtime/ids.h"
#include "runtime/keys.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"
#include "ticket-service/scope_store.h"
#include "ticket-service/ticket_change.h"

namespace qungong::ticket {

inline constexpr char kTickets[] = "tickets";
inline constexpr char kUnits[] = "units";
inline constexpr char kDivisions[] = "divisions";

// A ticket as one transaction holds it: the resource, and what it does not show. Handlers change
// `ticket` and `facts`; Save finds out which rows that touches.
struct TicketRecord {
  Uuid id;
  int64_t version = 0;
  int64_t scope_version = 0;      // raised when the tree gives it other scope rows
  std::optional<SubjectKey> key;  // none once erased: what people wrote is then empty
  pb::Ticket ticket;              // the reporter masked
  pb::Ticket before;              // as loaded
  TicketFacts facts;
  bool has_phone = false;
  std::string tracking_index;  // keyed hash of the tracking hash
};

// What only a submission writes.
struct Submission {
  pb::Original original;
  pb::Reporter reporter;  // unmasked
  std::string tracking_hash;
};

// DeniedOrAbsent if there is none.
absl::StatusOr<TicketRecord> LoadTicket(mysql::Tx& tx, const KeyRing& keys, const Uuid& id);
// Locks the ticket for the rest of the transaction first.
absl::StatusOr<TicketRecord> LockTicket(mysql::Tx& tx, const KeyRing& keys, const Uuid& id);
absl::StatusOr<std::optional<Uuid>> FindTicketByNumber(mysql::Tx& tx, absl::string_view number);
// In the order of `ids`, as lists show them: title only, no parts, no reporter.
absl::StatusOr<std::vector<pb::Ticket>> LoadTicketList(mysql::Tx& tx, const KeyRing& keys,
                                                       absl::Span<const Uuid> ids);

// Makes the ticket's key, seals what was submitted, writes the row and its scope, all with
// Tx::Later. `scopes` as PlanScopes has it. Sets version, etag, original, original_digest and the
// masked reporter.
absl::Status InsertTicket(mysql::Tx& tx, const KeyRing& keys, const ScopePlan& scopes,
                          const Submission& submission, TicketRecord& record);
// Writes what changed since it was loaded, as the next version. ABORTED if another version is
// stored.
absl::Status SaveTicket(mysql::Tx& tx, int32_t today, TicketRecord& record);

// The event that tells of the change since the ticket was loaded. Its image is the resource.
Event EventOf(const TicketRecord& record, pb::TicketChange::Kind kind,
              absl::string_view acting_unit);

// Seals a message of texts under the ticket's key; `part` names its place. Empty once the key is
// gone.
std::string SealTexts(const TicketRecord& record, absl::string_view part,
                      const google::protobuf::Message& texts);
absl::Status OpenTexts(const TicketRecord& record, absl::string_view part, absl::string_view sealed,
                       google::protobuf::Message& texts);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_TICKET_STORE_H_

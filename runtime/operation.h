// What a handler is given: a Read or a Mutation, each one attempt of one transaction on one worker.
//
// The mutation protocol (mutation.cc) is: insert the idempotency key -> handler: load FOR UPDATE,
// scope, etag, transition, write, Emit -> append events -> COMMIT. A handler only reads, decides
// and writes.
#ifndef QUNGONG_RUNTIME_OPERATION_H_
#define QUNGONG_RUNTIME_OPERATION_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "qungong/rpc/v1/options.pb.h"
#include "runtime/call.h"
#include "runtime/directory.h"
#include "runtime/ids.h"
#include "runtime/keys.h"
#include "runtime/mysql.h"
#include "runtime/page.h"

namespace qungong {

// One call's transaction, with what the caller may do. Owned by one worker.
class Read {
 public:
  Read(const Call& call, mysql::Tx& tx, const KeyRing& keys, const PageCodec& pages)
      : call_(call), tx_(tx), keys_(keys), pages_(pages) {}

  const Call& call() const { return call_; }
  mysql::Tx& tx() { return tx_; }
  const KeyRing& keys() const { return keys_; }
  const PageCodec& pages() const { return pages_; }

  // Loads the caller's grants and checks that one of the method's roles is among them. Done by the
  // wrapper.
  absl::Status CheckMethodRole();
  // The caller's grants for this method's roles.
  const std::vector<directory::Grant>& grants() const { return grants_; }
  // Where those rights begin today, each once: the node of a grant without a line (条), the
  // departments of its line at or below the node of one with a line. A list is filtered to what
  // lies at or below them.
  absl::StatusOr<std::vector<Uuid>> GrantedNodes();

  // Whether one of this method's roles (or, given `roles`, one of those) holds at `node` today: by
  // a grant on a node at or above it and, if the grant has a line, with a department of that line
  // between the two or at either end.
  absl::StatusOr<bool> MayActAt(const Uuid& node, absl::Span<const rpc::v1::Role> roles = {});
  // The same of the first node of a way up that was loaded already.
  bool HoldsOn(const directory::WayUp& way, absl::Span<const rpc::v1::Role> roles = {}) const;
  // OK if the caller may act on at least one of `nodes`; otherwise DeniedOrAbsent(resource).
  absl::Status Authorize(absl::Span<const Uuid> nodes, absl::string_view resource,
                         absl::Span<const rpc::v1::Role> roles = {});

 private:
  const Call& call_;
  mysql::Tx& tx_;
  const KeyRing& keys_;
  const PageCodec& pages_;
  std::vector<directory::Grant> grants_;
};

// One change of one resource, as it is kept for ever and told to others.
struct Event {
  std::string aggregate;    // resource name: tickets/{uuid}
  int64_t version = 0;      // of the resource after the change, growing by one
  std::string kind;         // "Ticket.ACCEPTED"
  std::optional<Uuid> key;  // subject key that seals the image; none: no personal data in it
  std::optional<SubjectKey> opened_key;  // the same, if the handler has it: it is not read again
  std::string payload_type;              // full name of the public payload's type, or ""
  std::string payload;  // serialized public payload: an allow-list, no personal data
  std::string image;    // serialized after-image; the first event's is the reply itself
  int retention_years = 10;

  Event& WithPayload(const google::protobuf::Message& message) {
    payload_type = message.GetTypeName();
    payload = message.SerializeAsString();
    return *this;
  }
};

class Mutation : public Read {
 public:
  Mutation(const Call& call, mysql::Tx& tx, const KeyRing& keys, const PageCodec& pages,
           IdSource& ids)
      : Read(call, tx, keys, pages), ids_(ids) {}

  // An id that is the same in every attempt of this call.
  Uuid NewId() { return ids_.Next(); }
  // Appends an event to the transaction. Every mutation emits at least one; its first is about the
  // resource that it returns.
  void Emit(Event event) { events_.push_back(std::move(event)); }

  // What a failure of statements that waited until the end (Tx::Later) means; a status for which
  // the transaction is run again makes it run again.
  using Explain = std::function<absl::Status(const absl::Status&)>;
  void ExplainFailure(Explain explain) { explain_ = std::move(explain); }
  absl::Status Explained(const absl::Status& status) const {
    return status.ok() || !explain_ ? status : explain_(status);
  }

  std::vector<Event>& events() { return events_; }
  IdSource& ids() { return ids_; }

 private:
  IdSource& ids_;
  std::vector<Event> events_;
  Explain explain_;
};

// Optimistic lock: an empty etag does not lock; another version is ABORTED, reason ETAG_MISMATCH.
std::string EtagOf(int64_t version);
absl::Status CheckEtag(absl::string_view given, int64_t version, absl::string_view resource);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_OPERATION_H_

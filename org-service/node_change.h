// What all changes of divisions, units and service centers share.
#ifndef QUNGONG_ORG_SERVICE_NODE_CHANGE_H_
#define QUNGONG_ORG_SERVICE_NODE_CHANGE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "google/type/date.pb.h"
#include "org-service/dates.h"
#include "org-service/node_store.h"
#include "qungong/org/v1/node.pb.h"
#include "runtime/civil.h"
#include "runtime/operation.h"

namespace qungong::org {

// The day of a date, or today.
absl::StatusOr<int32_t> DayOrToday(const Read& read, const google::type::Date& date,
                                   absl::string_view field);

// A node that a change touches, if the caller may change it; otherwise DeniedOrAbsent, whether it
// exists or not, after the same statements.
absl::StatusOr<OrgNode> LoadOwn(Read& read, const std::string& name);

// The same of many, in as many statements as of one: those that the caller may change and that are
// kept by a unit which stands at or below `unit`; nothing for any other.
absl::StatusOr<std::vector<std::optional<OrgNode>>> LoadOwnBelow(
    Read& read, const Uuid& unit, absl::Span<const std::string> names);

// The node that a request changes: the tree locked, the caller authorized, the etag checked.
absl::StatusOr<OrgNode> LoadForChange(Mutation& m, const std::string& name, absl::string_view etag);

// Writes the node as its next version and tells it to the others.
absl::Status SaveChange(Mutation& m, absl::string_view event_kind, OrgNode* node);

// What is told of a node that was changed, without the record itself.
Event NodeEvent(const OrgNode& node, absl::string_view kind);

// Ends the node on `day`, unless something still rests on it.
absl::Status Dissolve(Mutation& m, int32_t day, const std::string& successor, OrgNode* node);

// All names and parents of a node, for the resource that shows it.
void FillNames(const NodeRecord& record, google::protobuf::RepeatedPtrField<v1::NamePeriod>* names);
void FillParents(const NodeRecord& record,
                 google::protobuf::RepeatedPtrField<v1::ParentPeriod>* parents);

// The fields that divisions, units and service centers have in common, as of the day nearest to
// `day` on which the node exists.
template <typename Resource>
void FillCommon(const OrgNode& node, int32_t day, Resource* resource) {
  const NodeRecord& record = node.record;
  resource->set_name(record.name());
  resource->set_level(record.level());
  if (const NodeLabel* label = LabelOn(record, NearestDay(record, day)); label != nullptr) {
    resource->set_display_name(label->display_name());
  }
  *resource->mutable_valid_from() = ToDate(FromDayNumber(record.valid().from_day()));
  if (record.valid().to_day() != kNoEndDay) {
    *resource->mutable_valid_to() = ToDate(FromDayNumber(record.valid().to_day()));
  }
  resource->set_successor(record.successor());
  FillNames(record, resource->mutable_names());
  *resource->mutable_update_time() = ToTimestamp(node.updated);
  resource->set_etag(EtagOf(node.version));
}

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_NODE_CHANGE_H_

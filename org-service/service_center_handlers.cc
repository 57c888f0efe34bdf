#include "org-service/service_center_handlers.h"

#include <optional>
#include <string>
#include <vector>

#include "org-service/listing.h"
#include "org-service/node_change.h"
#include "runtime/civil.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

v1::ServiceCenter ToServiceCenter(const OrgNode& node, int32_t day) {
  v1::ServiceCenter center;
  FillCommon(node, day, &center);
  center.set_division(node.record.division());
  center.set_unit(node.record.unit());
  return center;
}

absl::Status CheckDivisionIsUnserved(mysql::Tx& tx, const std::string& division, DayInterval days) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("divisions", division));
  ASSIGN_OR_RETURN(const std::vector<Uuid> others,
                   NodesOfDivision(tx, rpc::v1::SERVICE_CENTER_NODE, id, days));
  if (others.empty()) return absl::OkStatus();
  return NodeError(absl::StatusCode::kAlreadyExists, "DIVISION_SERVED", division,
                   "it has a service center at that time", "该行政区划当时已有服务中心。");
}

}  // namespace

absl::StatusOr<v1::ServiceCenter> ServiceCenterHandlers::GetServiceCenter(
    Read& read, const v1::GetServiceCenterRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  ASSIGN_OR_RETURN(const OrgNode node, LoadNodeOn(read.tx(), request.name(), day));
  return ToServiceCenter(node, day);
}

absl::StatusOr<v1::ListServiceCentersResponse> ServiceCenterHandlers::ListServiceCenters(
    Read& read, const v1::ListServiceCentersRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  NodeFilter filter;
  filter.kind = rpc::v1::SERVICE_CENTER_NODE;
  filter.level = request.level();
  if (!request.division().empty()) {
    ASSIGN_OR_RETURN(filter.division, ParseResourceName("divisions", request.division()));
  }
  if (!request.unit().empty()) {
    ASSIGN_OR_RETURN(filter.unit, ParseResourceName("units", request.unit()));
  }
  ASSIGN_OR_RETURN(std::vector<ListedNode> nodes,
                   ListNodes(read.tx(), filter, day, page.after(), page.limit()));
  v1::ListServiceCentersResponse response;
  if (page.Cut(nodes)) response.set_next_page_token(page.NextToken(read, nodes.back().key));
  for (const ListedNode& listed : nodes) {
    v1::ServiceCenter& center = *response.add_service_centers();
    center = ToServiceCenter(listed.node, day);
    center.clear_names();
  }
  return response;
}

absl::StatusOr<v1::ServiceCenter> ServiceCenterHandlers::CreateServiceCenter(
    Mutation& m, const v1::CreateServiceCenterRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.valid_from(), "valid_from"));
  ASSIGN_OR_RETURN(const OrgNode unit, LoadForChange(m, request.unit(), ""));
  ASSIGN_OR_RETURN(const OrgNode division, LoadOwn(m, request.division()));
  NewNode node;
  node.name = ResourceName("serviceCenters", m.NewId());
  node.kind = rpc::v1::SERVICE_CENTER_NODE;
  node.level = division.record.level();
  node.display_name = request.display_name();
  node.valid = {day, kNoEndDay};
  if (node.level == rpc::v1::MUNICIPALITY_LEVEL) {
    return NodeError(absl::StatusCode::kInvalidArgument, "LEVEL_MISMATCH", request.division(),
                     "the municipality has no service center of its own", "市级不设服务中心。");
  }
  RETURN_IF_ERROR(CheckCovers(division.record, node.valid, "DIVISION_NOT_VALID",
                              "所服务的行政区划应在整个期间存续。"));
  RETURN_IF_ERROR(
      CheckCovers(unit.record, node.valid, "UNIT_NOT_VALID", "主管单位应在整个期间存续。"));
  RETURN_IF_ERROR(CheckDivisionIsUnserved(m.tx(), request.division(), node.valid));
  OrgNode created;
  created.record = MakeNode(node);
  created.record.set_division(request.division());
  created.record.set_unit(request.unit());
  RETURN_IF_ERROR(SaveChange(m, "CREATED", &created));
  return ToServiceCenter(created, day);
}

absl::StatusOr<v1::ServiceCenter> ServiceCenterHandlers::RenameServiceCenter(
    Mutation& m, const v1::RenameServiceCenterRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.effective_date(), "effective_date"));
  ASSIGN_OR_RETURN(OrgNode node, LoadForChange(m, request.name(), request.etag()));
  RETURN_IF_ERROR(Relabel(day, request.display_name(), std::nullopt, &node.record));
  RETURN_IF_ERROR(SaveChange(m, "RENAMED", &node));
  return ToServiceCenter(node, day);
}

absl::StatusOr<v1::ServiceCenter> ServiceCenterHandlers::DissolveServiceCenter(
    Mutation& m, const v1::DissolveServiceCenterRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.effective_date(), "effective_date"));
  ASSIGN_OR_RETURN(OrgNode node, LoadForChange(m, request.name(), request.etag()));
  RETURN_IF_ERROR(Dissolve(m, day, request.successor(), &node));
  return ToServiceCenter(node, day);
}

}  // namespace qungong::org

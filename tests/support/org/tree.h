// Divisions, units and service centers of org-service, made and changed through its API.
#ifndef QUNGONG_TESTS_SUPPORT_ORG_TREE_H_
#define QUNGONG_TESTS_SUPPORT_ORG_TREE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "qungong/org/v1/division_service.grpc.pb.h"
#include "qungong/org/v1/service_center_service.grpc.pb.h"
#include "qungong/org/v1/unit_service.grpc.pb.h"
#include "runtime/civil.h"
#include "tests/support/matchers.h"
#include "tests/support/org/people.h"

namespace qungong::org {

inline const std::string kCityDivision = ResourceName("divisions", NameUuid("division:500000"));
// What the fixture makes exists since then.
inline constexpr absl::CivilDay kSince(2000, 1, 1);

v1::CreateDivisionRequest NewDivision(const std::string& parent, v1::Division::Kind kind,
                                      const std::string& display_name, const std::string& code = "",
                                      absl::CivilDay from = kSince);
// A unit that governs `division`, or any other for "".
v1::CreateUnitRequest NewUnit(const std::string& parent, v1::Unit::Kind kind,
                              const std::string& display_name, const std::string& division = "",
                              absl::CivilDay from = kSince);
v1::CreateUnitRequest NewDepartment(const std::string& parent, const std::string& line,
                                    absl::CivilDay from = kSince);
v1::CreateServiceCenterRequest NewCenter(const std::string& division, const std::string& unit,
                                         absl::CivilDay from = kSince);

// Rename…Request, Move…Request, Dissolve…Request of any of the three.
template <typename Request>
Request Rename(const std::string& name, const std::string& display_name, absl::CivilDay day) {
  Request request;
  request.set_name(name);
  request.set_display_name(display_name);
  *request.mutable_effective_date() = ToDate(day);
  return request;
}
template <typename Request>
Request Move(const std::string& name, const std::string& parent, absl::CivilDay day) {
  Request request;
  request.set_name(name);
  request.set_parent(parent);
  *request.mutable_effective_date() = ToDate(day);
  return request;
}
template <typename Request>
Request Dissolve(const std::string& name, const std::string& successor, absl::CivilDay day) {
  Request request;
  request.set_name(name);
  request.set_successor(successor);
  *request.mutable_effective_date() = ToDate(day);
  return request;
}

inline const auto& Items(const v1::ListDivisionsResponse& page) { return page.divisions(); }
inline const auto& Items(const v1::ListUnitsResponse& page) { return page.units(); }
inline const auto& Items(const v1::ListServiceCentersResponse& page) {
  return page.service_centers();
}

// The municipality has two districts. The first has two subdistricts; the first of these has a
// community and a village. Each division is governed by a unit, and all below the municipality are
// served by a center but the village. A registrar of the second district is the neighbour.
class OrgTreeTest : public OrgPeopleTest {
 protected:
  struct Place {
    std::string division;
    std::string unit;
    std::string center;
  };

  void Plant() override;

  // As `caller_`, or as nobody for "".
  auto Do(const v1::GetDivisionRequest& q) { return By(*divisions_, &D::GetDivision, q); }
  auto Do(const v1::ListDivisionsRequest& q) { return By(*divisions_, &D::ListDivisions, q); }
  auto Do(const v1::CountDivisionsRequest& q) { return By(*divisions_, &D::CountDivisions, q); }
  auto Do(const v1::CreateDivisionRequest& q) { return By(*divisions_, &D::CreateDivision, q); }
  auto Do(const v1::RenameDivisionRequest& q) { return By(*divisions_, &D::RenameDivision, q); }
  auto Do(const v1::MoveDivisionRequest& q) { return By(*divisions_, &D::MoveDivision, q); }
  auto Do(const v1::DissolveDivisionRequest& q) { return By(*divisions_, &D::DissolveDivision, q); }
  auto Do(const v1::GetUnitRequest& q) { return By(*units_, &U::GetUnit, q); }
  auto Do(const v1::ListUnitsRequest& q) { return By(*units_, &U::ListUnits, q); }
  auto Do(const v1::CountUnitsRequest& q) { return By(*units_, &U::CountUnits, q); }
  auto Do(const v1::CreateUnitRequest& q) { return By(*units_, &U::CreateUnit, q); }
  auto Do(const v1::RenameUnitRequest& q) { return By(*units_, &U::RenameUnit, q); }
  auto Do(const v1::MoveUnitRequest& q) { return By(*units_, &U::MoveUnit, q); }
  auto Do(const v1::DissolveUnitRequest& q) { return By(*units_, &U::DissolveUnit, q); }
  auto Do(const v1::GetServiceCenterRequest& q) { return By(*centers_, &S::GetServiceCenter, q); }
  auto Do(const v1::ListServiceCentersRequest& q) {
    return By(*centers_, &S::ListServiceCenters, q);
  }
  auto Do(const v1::CreateServiceCenterRequest& q) {
    return By(*centers_, &S::CreateServiceCenter, q);
  }
  auto Do(const v1::RenameServiceCenterRequest& q) {
    return By(*centers_, &S::RenameServiceCenter, q);
  }
  auto Do(const v1::DissolveServiceCenterRequest& q) {
    return By(*centers_, &S::DissolveServiceCenter, q);
  }

  // As of a day.
  absl::StatusOr<v1::Division> DivisionOn(const std::string& name, absl::CivilDay day);
  absl::StatusOr<v1::Unit> UnitOn(const std::string& name, absl::CivilDay day);
  absl::StatusOr<v1::ServiceCenter> CenterOn(const std::string& name, absl::CivilDay day);
  // All items of a list, page by page.
  template <typename Request>
  auto AllPages(Request request, int page_size = 0) {
    auto page = Get(Do(request));
    std::vector<std::decay_t<decltype(Items(page)[0])>> all;
    request.set_page_size(page_size);
    do {
      page = Get(Do(request));
      all.insert(all.end(), Items(page).begin(), Items(page).end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }
  // Their names.
  template <typename Request>
  std::vector<std::string> Names(const Request& request, int page_size = 0) {
    std::vector<std::string> names;
    for (const auto& item : AllPages(request, page_size)) names.push_back(item.name());
    return names;
  }
  // Names of the direct children, or of the topmost for "".
  std::vector<std::string> DivisionsBelow(const std::string& parent, absl::CivilDay day);
  std::vector<std::string> UnitsBelow(const std::string& parent, absl::CivilDay day);

  // A division with its unit, and with a center if `served`.
  Place Found(const Place& parent, v1::Division::Kind kind, v1::Unit::Kind unit,
              const std::string& display_name, const std::string& code, bool served = true);
  // An account that is registrar of a unit.
  std::string RegistrarOf(const std::string& login, const std::string& unit);

  template <typename Response>
  static Response Get(absl::StatusOr<Response> result) {
    EXPECT_THAT(result, testing::IsOk());
    return result.ok() ? *std::move(result) : Response();
  }

  std::string caller_;
  std::string neighbour_;
  Place city_{kCityDivision, kCity, ""};
  Place district_;
  Place other_district_;
  Place town_;
  Place other_town_;
  Place community_;
  Place village_;
  std::unique_ptr<v1::DivisionService::Stub> divisions_;
  std::unique_ptr<v1::UnitService::Stub> units_;
  std::unique_ptr<v1::ServiceCenterService::Stub> centers_;

 private:
  using D = v1::DivisionService::Stub;
  using U = v1::UnitService::Stub;
  using S = v1::ServiceCenterService::Stub;

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> By(Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
                              const Request& request) {
    return As(caller_, stub, method, request);
  }
};

}  // namespace qungong::org

#endif  // QUNGONG_TESTS_SUPPORT_ORG_TREE_H_

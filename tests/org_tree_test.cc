// What all changes of divisions, units and service centers have in common: repeating, etags, who
// may make them, and that nothing is lost or comes twice.
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/directory.h"
#include "tests/support/matchers.h"
#include "tests/support/org/tree.h"

namespace qungong::org {
namespace {

using google::protobuf::Message;
using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;

std::string FieldOf(const Message& message, const char* field) {
  const auto* descriptor = message.GetDescriptor()->FindFieldByName(field);
  return descriptor == nullptr ? "" : message.GetReflection()->GetString(message, descriptor);
}

void SetField(Message& message, const char* field, const std::string& value) {
  message.GetReflection()->SetString(&message, message.GetDescriptor()->FindFieldByName(field),
                                     value);
}

// Code, message and details, which come in no order.
std::string Everything(const absl::Status& status) {
  std::map<std::string, std::string> parts;
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    parts[std::string(type)] = std::string(payload);
  });
  return absl::StrCat(status.code(), status.message(),
                      absl::StrJoin(parts, "", absl::PairFormatter("")));
}

// One change, to be made as often and by whom a test likes.
struct Change {
  std::shared_ptr<Message> request;
  std::function<absl::StatusOr<std::shared_ptr<Message>>(const Message&)> make;

  absl::StatusOr<std::shared_ptr<Message>> Make() const { return make(*request); }
  bool IsTransition() const { return !FieldOf(*request, "name").empty(); }
};

class OrgTreeChangeTest : public OrgTreeTest {
 protected:
  void Plant() override {
    OrgTreeTest::Plant();
    using v1::Division;
    hamlet_ = Get(Do(NewDivision(town_.division, Division::VILLAGE, "黄泥村")));
    company_ = Get(Do(NewUnit(town_.unit, v1::Unit::COMPANY, "自来水公司")));
    own_town_ = Found(other_district_, Division::SUBDISTRICT, v1::Unit::SUBDISTRICT_OFFICE,
                      "双龙湖街道", "500112001");
    own_hamlet_ = Get(Do(NewDivision(own_town_.division, Division::VILLAGE, "石坝村"))).name();
    own_company_ = Get(Do(NewUnit(own_town_.unit, v1::Unit::COMPANY, "公交公司"))).name();
  }

  template <typename Request>
  Change Of(Request request) {
    return {std::make_shared<Request>(std::move(request)),
            [this](const Message& message) -> absl::StatusOr<std::shared_ptr<Message>> {
              auto result = Do(static_cast<const Request&>(message));
              if (!result.ok()) return result.status();
              return std::make_shared<typename decltype(result)::value_type>(*result);
            }};
  }

  // One of each method; made in this order, all succeed. Those of one node lie on later and later
  // days.
  std::vector<Change> All() {
    const absl::CivilDay day = kToday;
    std::vector<Change> all;
    const std::string& hamlet = hamlet_.name();
    const std::string& company = company_.name();
    all.push_back(Of(NewDivision(town_.division, v1::Division::VILLAGE, "新村")));
    all.push_back(Of(Rename<v1::RenameDivisionRequest>(hamlet, "金泥村", day - 20)));
    all.push_back(Of(Move<v1::MoveDivisionRequest>(hamlet, other_town_.division, day - 10)));
    all.push_back(Of(Dissolve<v1::DissolveDivisionRequest>(hamlet, village_.division, day)));
    all.push_back(Of(NewDepartment(town_.unit, "civil_affairs")));
    all.push_back(Of(Rename<v1::RenameUnitRequest>(company, "水务公司", day - 20)));
    all.push_back(Of(Move<v1::MoveUnitRequest>(company, other_town_.unit, day - 10)));
    all.push_back(Of(Dissolve<v1::DissolveUnitRequest>(company, town_.unit, day)));
    all.push_back(Of(NewCenter(village_.division, village_.unit)));
    all.push_back(
        Of(Rename<v1::RenameServiceCenterRequest>(other_town_.center, "便民中心", day - 20)));
    all.push_back(
        Of(Dissolve<v1::DissolveServiceCenterRequest>(other_town_.center, town_.center, day)));
    return all;
  }

  // With `field` naming `foreign`, which exists, the caller is told exactly what it is told with an
  // absent name.
  void ExpectSameAsAbsent(Change change, const char* field) {
    const std::string foreign = FieldOf(*change.request, field);
    const std::string absent =
        ResourceName(foreign.substr(0, foreign.find('/')), NameUuid("absent"));
    const int64_t events = service_->Count("events");
    const absl::Status told = change.Make().status();
    SetField(*change.request, field, absent);
    const absl::Status told_of_absent = change.Make().status();
    SCOPED_TRACE(absl::StrCat(change.request->GetTypeName(), ".", field));
    EXPECT_THAT(told, StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
    EXPECT_EQ(absl::StrReplaceAll(Everything(told_of_absent), {{absent, foreign}}),
              Everything(told));
    EXPECT_EQ(service_->Count("events"), events);
  }

  v1::Division hamlet_;  // with neither unit nor center
  v1::Unit company_;
  // The neighbour's.
  Place own_town_;
  std::string own_hamlet_;
  std::string own_company_;
};

TEST_F(OrgTreeChangeTest, ARepeatedRequestIsAnsweredAlikeAndChangesOnce) {
  for (const Change& change : All()) {
    SCOPED_TRACE(change.request->GetTypeName());
    SetField(*change.request, "request_id", NewUuidV7(absl::Now()).ToString());
    const int64_t events = service_->Count("events");
    const auto first = change.Make();
    ASSERT_THAT(first, IsOk());
    EXPECT_EQ(service_->Count("events"), events + 1);
    const auto again = change.Make();
    ASSERT_THAT(again, IsOk());
    EXPECT_THAT(**again, EqualsProto(**first));
    EXPECT_EQ(service_->Count("events"), events + 1);

    const bool creates = !change.IsTransition();
    const bool names = creates || !FieldOf(*change.request, "display_name").empty();
    SetField(*change.request,
             names                                           ? "display_name"
             : FieldOf(*change.request, "successor").empty() ? "parent"
                                                             : "successor",
             names ? "别名" : FieldOf(*change.request, "name"));
    EXPECT_THAT(change.Make(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasReason("REQUEST_ID_REUSED")));
    EXPECT_EQ(service_->Count("events"), events + 1);
  }
}

TEST_F(OrgTreeChangeTest, ATransitionWithAnOldEtagIsRefused) {
  std::map<std::string, std::string> etags = {
      {hamlet_.name(), hamlet_.etag()},
      {company_.name(), company_.etag()},
      {other_town_.center, Get(CenterOn(other_town_.center, kToday)).etag()}};
  int transitions = 0;
  for (const Change& change : All()) {
    if (!change.IsTransition()) continue;
    SCOPED_TRACE(change.request->GetTypeName());
    std::string& etag = etags[FieldOf(*change.request, "name")];
    for (const std::string& old : {std::string("\"0\""), etag + "x", std::string("etag")}) {
      SetField(*change.request, "etag", old);
      EXPECT_THAT(change.Make(), StatusIs(absl::StatusCode::kAborted, HasReason("ETAG_MISMATCH")));
    }
    SetField(*change.request, "etag", etag);
    const auto made = change.Make();
    ASSERT_THAT(made, IsOk());
    EXPECT_NE(FieldOf(**made, "etag"), etag);
    etag = FieldOf(**made, "etag");
    ++transitions;
  }
  EXPECT_EQ(transitions, 8);
}

TEST_F(OrgTreeChangeTest, OnlyRegistrarsMakeChanges) {
  const std::string nobody = Get(CreateAccount("somebody", town_.unit)).name();
  ASSERT_THAT(CreateGrant(nobody, rpc::v1::CLERK, town_.unit), IsOk());
  const int64_t events = service_->Count("events");
  for (const Change& change : All()) {
    SCOPED_TRACE(change.request->GetTypeName());
    caller_ = "";
    EXPECT_THAT(change.Make(),
                StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_MISSING")));
    caller_ = nobody;
    EXPECT_THAT(change.Make(),
                StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
  }
  EXPECT_EQ(service_->Count("events"), events);
  caller_ = RegistrarOf("district.registrar", district_.unit);
  for (const Change& change : All()) EXPECT_THAT(change.Make(), IsOk());
}

TEST_F(OrgTreeChangeTest, WhatIsNotTheCallersIsAnsweredAsWhatDoesNotExist) {
  caller_ = neighbour_;
  for (const Change& change : All()) {
    ExpectSameAsAbsent(change, change.IsTransition()                        ? "name"
                               : FieldOf(*change.request, "parent").empty() ? "unit"
                                                                            : "parent");
  }
  // A node of one's own is not put below, handed over to, or given for what is another's.
  const absl::CivilDay day = kToday;
  ExpectSameAsAbsent(Of(Move<v1::MoveDivisionRequest>(own_hamlet_, town_.division, day)), "parent");
  ExpectSameAsAbsent(Of(Move<v1::MoveUnitRequest>(own_company_, town_.unit, day)), "parent");
  ExpectSameAsAbsent(Of(Dissolve<v1::DissolveDivisionRequest>(own_hamlet_, village_.division, day)),
                     "successor");
  ExpectSameAsAbsent(Of(Dissolve<v1::DissolveUnitRequest>(own_company_, company_.name(), day)),
                     "successor");
  ExpectSameAsAbsent(
      Of(Dissolve<v1::DissolveServiceCenterRequest>(own_town_.center, town_.center, day)),
      "successor");
  ExpectSameAsAbsent(
      Of(NewUnit(own_town_.unit, v1::Unit::VILLAGE_COMMITTEE, "村委会", hamlet_.name())),
      "division");
  ExpectSameAsAbsent(Of(NewCenter(hamlet_.name(), own_town_.unit)), "division");
  // Above and beside is not below.
  ExpectSameAsAbsent(Of(NewDivision(kCityDivision, v1::Division::DISTRICT, "新区")), "parent");
  ExpectSameAsAbsent(Of(Rename<v1::RenameUnitRequest>(kCity, "市府", day)), "name");
  EXPECT_THAT(Do(Rename<v1::RenameUnitRequest>(other_district_.unit, "区府", day)), IsOk());
}

TEST_F(OrgTreeChangeTest, ARightOnADivisionFollowsTheUnitThatGoverns) {
  // The hamlet has no unit: the town's registrar changes it, and the community's does not.
  caller_ = RegistrarOf("community.registrar", community_.unit);
  EXPECT_THAT(Do(Rename<v1::RenameDivisionRequest>(hamlet_.name(), "甲村", kToday - 9)),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
  caller_ = RegistrarOf("town.registrar", town_.unit);
  EXPECT_THAT(Do(Rename<v1::RenameDivisionRequest>(hamlet_.name(), "乙村", kToday - 8)), IsOk());
  // With the town's unit, the right moves to whoever stands above it.
  caller_ = registrar_;
  ASSERT_THAT(Do(Move<v1::MoveUnitRequest>(town_.unit, other_district_.unit, kToday)), IsOk());
  caller_ = neighbour_;
  EXPECT_THAT(Do(Rename<v1::RenameDivisionRequest>(hamlet_.name(), "丙村", kToday)), IsOk());
}

TEST_F(OrgTreeChangeTest, OthersAreToldOfEachChangeAsItStands) {
  for (const Change& change : All()) ASSERT_THAT(change.Make(), IsOk());
  std::map<std::string, rpc::v1::NodeRecord> told;
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    const auto rows = tx.Query(
        "SELECT payload FROM events WHERE payload_type = "
        "'qungong.rpc.v1.DirectoryChange' ORDER BY version");
    if (!rows.ok()) return rows.status();
    for (const mysql::Row& row : *rows) {
      rpc::v1::DirectoryChange payload;
      EXPECT_TRUE(payload.ParseFromString(row.String(0)));
      for (const auto& node : payload.nodes()) told[node.name()] = node;
    }
    for (const auto& [name, node] : told) {
      const auto id = ParseResourceName(name.substr(0, name.find('/')), name);
      const auto stored = directory::LoadRecord(tx, *id);
      EXPECT_THAT(stored, qungong::testing::IsOkAndHolds(EqualsProto(node)));
    }
    return absl::OkStatus();
  });
  EXPECT_EQ(told.size(), service_->Count("directory_nodes"));
}

}  // namespace
}  // namespace qungong::org

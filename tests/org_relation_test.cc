// Relations of units: what may be recorded, who sees it, and with what it ends.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/dates.h"
#include "qungong/org/v1/relation_service.grpc.pb.h"
#include "tests/support/matchers.h"
#include "tests/support/org/tree.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using v1::Relation;
using R = v1::RelationService::Stub;

auto Precondition(const char* reason) {
  return StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(reason));
}
const auto kInvalid = StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD"));
const auto kDenied = StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT"));

class OrgRelationTest : public OrgTreeTest {
 protected:
  void SetUp() override {
    OrgTreeTest::SetUp();
    relations_ = v1::RelationService::NewStub(service_->channel());
    school_ = Get(Do(NewUnit(town_.unit, v1::Unit::SCHOOL, "小学"))).name();
    company_ = Get(Do(NewUnit(other_district_.unit, v1::Unit::COMPANY, "自来水公司"))).name();
  }

  v1::CreateRelationRequest Request(Relation::Kind kind, const std::string& from,
                                    const std::string& to, absl::CivilDay day = kToday - 10) {
    v1::CreateRelationRequest request;
    request.set_kind(kind);
    request.set_from_unit(from);
    request.set_to_unit(to);
    *request.mutable_valid_from() = ToDate(day);
    return request;
  }
  absl::StatusOr<Relation> Create(const v1::CreateRelationRequest& request) {
    return As(registrar_, *relations_, &R::CreateRelation, request);
  }
  absl::StatusOr<Relation> GetBy(const std::string& account, const std::string& name) {
    v1::GetRelationRequest request;
    request.set_name(name);
    return As(account, *relations_, &R::GetRelation, request);
  }
  absl::StatusOr<Relation> EndBy(const std::string& account, const std::string& name,
                                 absl::CivilDay day, const std::string& result = "") {
    v1::EndRelationRequest request;
    request.set_name(name);
    *request.mutable_effective_date() = ToDate(day);
    request.set_result(result);
    return As(account, *relations_, &R::EndRelation, request);
  }
  std::vector<std::string> ListBy(const std::string& account, v1::ListRelationsRequest request) {
    std::vector<std::string> names;
    const auto page = As(account, *relations_, &R::ListRelations, request);
    EXPECT_THAT(page, IsOk());
    if (page.ok()) {
      for (const Relation& relation : page->relations()) names.push_back(relation.name());
    }
    return names;
  }
  std::string LeaderAt(const std::string& unit) {
    std::string account = Get(CreateAccount(absl::StrCat("leader-", ++made_), unit)).name();
    EXPECT_THAT(CreateGrant(account, rpc::v1::LEADER, unit), IsOk());
    return account;
  }
  std::string RegistrarAt(const std::string& unit) {
    std::string account = Get(CreateAccount(absl::StrCat("registrar-", ++made_), unit)).name();
    EXPECT_THAT(CreateGrant(account, rpc::v1::REGISTRAR, unit), IsOk());
    return account;
  }
  std::string HeadOf(const std::string& unit, absl::CivilDay from) {
    const std::string person = Get(CreatePerson("王五", "", "", unit)).name();
    return Get(Appoint(person, v1::Appointment::HEAD, unit, from)).name();
  }

  std::unique_ptr<R> relations_;
  std::string school_;
  std::string company_;
  int made_ = 0;
};

TEST_F(OrgRelationTest, WhoHelpsWhomHasOneAnswerForEveryDay) {
  auto request = Request(Relation::PAIRED_ASSISTANCE, company_, school_, kToday - 30);
  request.set_measures("捐建图书室");
  request.set_document("渝委〔2015〕12号");
  const auto made = Create(request);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->measures(), "捐建图书室");
  EXPECT_FALSE(made->has_valid_to());
  EXPECT_THAT(GetBy(registrar_, made->name()), IsOkAndHolds(EqualsProto(*made)));
  const auto ended = EndBy(registrar_, made->name(), kToday - 5, "图书室已建成");
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->result(), "图书室已建成");
  EXPECT_NE(ended->etag(), made->etag());
  const std::string next =
      Get(Create(Request(Relation::PAIRED_ASSISTANCE, company_, school_, kToday - 5))).name();
  v1::ListRelationsRequest list;
  list.set_unit(school_);
  const auto on = [&](absl::CivilDay day) {
    *list.mutable_as_of() = ToDate(day);
    return ListBy(registrar_, list);
  };
  EXPECT_THAT(on(kToday - 31), IsEmpty());
  EXPECT_THAT(on(kToday - 6), ElementsAre(made->name()));
  EXPECT_THAT(on(kToday - 5), ElementsAre(next));
  list.clear_as_of();
  EXPECT_THAT(ListBy(registrar_, list), UnorderedElementsAre(made->name(), next));
  list.set_kind(Relation::SECONDMENT);
  EXPECT_THAT(ListBy(registrar_, list), IsEmpty());
}

TEST_F(OrgRelationTest, BothEndsSeeItAndOnlyWhoKeepsBothChangesIt) {
  const std::string name =
      Get(Create(Request(Relation::PAIRED_ASSISTANCE, company_, school_))).name();
  for (const std::string& unit : {company_, other_district_.unit, school_, town_.unit, kCity}) {
    SCOPED_TRACE(unit);
    const std::string leader = LeaderAt(unit);
    EXPECT_THAT(GetBy(leader, name), IsOk());
    EXPECT_THAT(ListBy(leader, {}), ElementsAre(name));
  }
  const std::string stranger = LeaderAt(community_.unit);
  EXPECT_THAT(GetBy(stranger, name), kDenied);
  EXPECT_THAT(ListBy(stranger, {}), IsEmpty());
  for (const std::string& unit : {other_district_.unit, town_.unit}) {
    const std::string registrar = RegistrarAt(unit);
    EXPECT_THAT(EndBy(registrar, name, kToday), kDenied);
    EXPECT_THAT(As(registrar, *relations_, &R::CreateRelation,
                   Request(Relation::SECONDMENT, company_, school_)),
                kDenied);
  }
  EXPECT_THAT(EndBy(registrar_, name, kToday), IsOk());
}

TEST_F(OrgRelationTest, WhatCannotBeIsRefused) {
  EXPECT_THAT(Create(Request(Relation::PAIRED_ASSISTANCE, town_.unit, school_)),
              Precondition("HELPER_IS_SUPERIOR"));
  EXPECT_THAT(Create(Request(Relation::PAIRED_ASSISTANCE, school_, school_)), kInvalid);
  EXPECT_THAT(Create(Request(Relation::POINT_OF_CONTACT, town_.unit, school_)), kInvalid);
  auto long_ago = Request(Relation::SECONDMENT, company_, school_, absl::CivilDay(1950, 1, 1));
  EXPECT_THAT(Create(long_ago), Precondition("UNIT_NOT_IN_FORCE"));
  ASSERT_THAT(Create(Request(Relation::DUAL_MANAGEMENT, company_, school_)), IsOk());
  EXPECT_THAT(Create(Request(Relation::DUAL_MANAGEMENT, company_, school_)),
              Precondition("RELATION_OVERLAPS"));
  EXPECT_THAT(Create(Request(Relation::DUAL_MANAGEMENT, other_district_.unit, school_)),
              Precondition("RELATION_OVERLAPS"));
  const auto made = Create(Request(Relation::SECONDMENT, company_, school_));
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(EndBy(registrar_, made->name(), kToday - 11), kInvalid);
  ASSERT_THAT(EndBy(registrar_, made->name(), kToday), IsOk());
  EXPECT_THAT(EndBy(registrar_, made->name(), kToday), Precondition("RELATION_ENDED"));
}

TEST_F(OrgRelationTest, AContactIsOfTheOneUnitAndTheRelationEndsWithThePost) {
  auto request = Request(Relation::POINT_OF_CONTACT, town_.unit, school_);
  request.set_contact(HeadOf(town_.unit, kToday - 5));
  EXPECT_THAT(Create(request), Precondition("APPOINTMENT_MISMATCH")) << "began later";
  request.set_contact(HeadOf(school_, kToday - 100));
  EXPECT_THAT(Create(request), kDenied) << "of another unit";
  request.set_contact(HeadOf(town_.unit, kToday - 100));
  const auto made = Create(request);
  ASSERT_THAT(made, IsOk());
  EXPECT_FALSE(made->has_valid_to());
  ASSERT_THAT(End(request.contact(), kToday + 3), IsOk());
  const auto after = GetBy(registrar_, made->name());
  ASSERT_THAT(after, IsOk());
  EXPECT_THAT(after->valid_to(), EqualsProto(ToDate(kToday + 3)));
  EXPECT_NE(after->etag(), made->etag());
  // A later one within the post that is known to end lasts as long as the post.
  auto later = Request(Relation::POINT_OF_CONTACT, town_.unit, community_.unit);
  later.set_contact(request.contact());
  const auto until = Create(later);
  ASSERT_THAT(until, IsOk());
  EXPECT_THAT(until->valid_to(), EqualsProto(ToDate(kToday + 3)));
}

TEST_F(OrgRelationTest, AUnitEndsWhenItsRelationsHave) {
  const std::string name =
      Get(Create(Request(Relation::PAIRED_ASSISTANCE, company_, school_))).name();
  const auto dissolve = [&](const std::string& unit, const std::string& successor) {
    return Do(Dissolve<v1::DissolveUnitRequest>(unit, successor, kToday));
  };
  EXPECT_THAT(dissolve(school_, town_.unit), Precondition("HAS_RELATIONS"));
  EXPECT_THAT(dissolve(company_, other_district_.unit), Precondition("HAS_RELATIONS"));
  ASSERT_THAT(EndBy(registrar_, name, kToday), IsOk());
  EXPECT_THAT(dissolve(school_, town_.unit), IsOk());
  EXPECT_THAT(dissolve(company_, other_district_.unit), IsOk());
  EXPECT_THAT(GetBy(LeaderAt(town_.unit), name), IsOk()) << "kept by who stood above";
}

TEST_F(OrgRelationTest, OfManyAtOnceOneIsRecorded) {
  std::vector<std::thread> threads;
  std::vector<absl::StatusOr<Relation>> replies(8, absl::UnknownError(""));
  for (auto& reply : replies) {
    threads.emplace_back([this, &reply] {
      reply = Create(Request(Relation::PAIRED_ASSISTANCE, company_, school_));
    });
  }
  for (std::thread& thread : threads) thread.join();
  int made = 0;
  for (const auto& reply : replies) {
    if (reply.ok()) {
      ++made;
    } else {
      EXPECT_THAT(reply, Precondition("RELATION_OVERLAPS"));
    }
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(ListBy(registrar_, {}).size(), 1);
}

}  // namespace
}  // namespace qungong::org

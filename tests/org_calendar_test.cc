// Calendars: published by the top, replaced by version, told to the others, never guessed.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/org/v1/calendar_service.grpc.pb.h"
#include "tests/support/matchers.h"
#include "tests/support/org/change.h"
#include "tests/support/org/people.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using C = v1::CalendarService::Stub;

auto Invalid(const char* reason) {
  return StatusIs(absl::StatusCode::kInvalidArgument, HasReason(reason));
}

class OrgCalendarTest : public OrgPeopleTest {
 protected:
  void SetUp() override {
    OrgPeopleTest::SetUp();
    calendars_ = v1::CalendarService::NewStub(service_->channel());
  }
  // 3 September 2015 off, the Sunday after it worked.
  static v1::PublishCalendarRequest Parade() {
    v1::PublishCalendarRequest request;
    request.set_name("calendars/2015");
    *request.add_holidays() = ToDate(absl::CivilDay(2015, 9, 3));
    *request.add_holidays() = ToDate(absl::CivilDay(2015, 9, 4));
    *request.add_workdays() = ToDate(absl::CivilDay(2015, 9, 6));
    request.set_source("国办发明电〔2015〕11号");
    return request;
  }
  static v1::PublishCalendarRequest Empty(int year) {
    v1::PublishCalendarRequest request;
    request.set_name(absl::StrCat("calendars/", year));
    request.set_source("某文件");
    return request;
  }
  absl::StatusOr<v1::Calendar> Publish(const v1::PublishCalendarRequest& request) {
    return As(registrar_, *calendars_, &C::PublishCalendar, request);
  }
  absl::StatusOr<v1::Calendar> Year(int year) {
    v1::GetCalendarRequest request;
    request.set_name(absl::StrCat("calendars/", year));
    return As(registrar_, *calendars_, &C::GetCalendar, request);
  }
  std::vector<int> Years(int page_size) {
    std::vector<int> years;
    v1::ListCalendarsRequest request;
    request.set_page_size(page_size);
    do {
      const auto page = As(audit_admin_, *calendars_, &C::ListCalendars, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const v1::Calendar& calendar : page->calendars()) years.push_back(calendar.year());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return years;
  }

  std::unique_ptr<C> calendars_;
};

TEST_F(OrgCalendarTest, AYearIsWhatWasPublishedLast) {
  EXPECT_THAT(Year(2015),
              StatusIs(absl::StatusCode::kNotFound, HasReason("CALENDAR_NOT_PUBLISHED")));
  const auto published = Publish(Parade());
  ASSERT_THAT(published, IsOk());
  EXPECT_EQ(published->year(), 2015);
  EXPECT_EQ(published->working_day_count(), 261 - 2 + 1);
  EXPECT_EQ(published->etag(), "\"1\"");
  EXPECT_THAT(published->holidays(1), EqualsProto(ToDate(absl::CivilDay(2015, 9, 4))));
  EXPECT_THAT(Year(2015), IsOkAndHolds(EqualsProto(*published)));
  v1::PublishCalendarRequest again = Parade();
  again.mutable_holidays()->RemoveLast();
  const auto replaced = Publish(again);
  ASSERT_THAT(replaced, IsOk());
  EXPECT_EQ(replaced->working_day_count(), 261 - 1 + 1);
  EXPECT_THAT(Year(2015), IsOkAndHolds(EqualsProto(*replaced)));
  // The others are told both times.
  EXPECT_EQ(service_->Count("events WHERE kind = 'Calendar.PUBLISHED' AND payload_type = "
                            "'qungong.rpc.v1.DirectoryChange' AND version IN (1, 2)"),
            2);
}

TEST_F(OrgCalendarTest, CalendarsThatCannotBe) {
  const auto with = [](int month, int day, bool off) {
    v1::PublishCalendarRequest request = Empty(2015);
    *(off ? request.add_holidays() : request.add_workdays()) =
        ToDate(absl::CivilDay(2015, month, day));
    return request;
  };
  EXPECT_THAT(Publish(with(9, 5, true)), Invalid("CALENDAR_INVALID")) << "a Saturday off";
  EXPECT_THAT(Publish(with(9, 3, false)), Invalid("CALENDAR_INVALID")) << "a Thursday worked";
  v1::PublishCalendarRequest twice = with(9, 3, true);
  *twice.add_holidays() = twice.holidays(0);
  EXPECT_THAT(Publish(twice), Invalid("CALENDAR_INVALID"));
  v1::PublishCalendarRequest other_year = with(9, 3, true);
  other_year.mutable_holidays(0)->set_year(2014);
  EXPECT_THAT(Publish(other_year), Invalid("INVALID_FIELD"));
  for (const char* name :
       {"calendars/15", "calendars/1948", "calendars/20155", "calendars/x", "x"}) {
    v1::PublishCalendarRequest request = Parade();
    request.set_name(name);
    EXPECT_THAT(Publish(request), Invalid("INVALID_FIELD")) << name;
  }
  EXPECT_EQ(service_->Count("directory_calendars"), 0);
}

TEST_F(OrgCalendarTest, OnlyTheTopPublishes) {
  const std::string district = CreateAccount("district.registrar", kDistrict)->name();
  ASSERT_THAT(CreateGrant(district, rpc::v1::REGISTRAR, kDistrict), IsOk());
  EXPECT_THAT(As(district, *calendars_, &C::PublishCalendar, Parade()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
  EXPECT_THAT(As(audit_admin_, *calendars_, &C::PublishCalendar, Parade()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
  EXPECT_THAT(As("", *calendars_, &C::ListCalendars, {}),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(service_->Count("directory_calendars"), 0);
}

TEST_F(OrgCalendarTest, APublicationIsMadeOnceAndOnTheNewestVersion) {
  const auto change = [this](const v1::PublishCalendarRequest& request) {
    return MakeChange(request, [this](const auto& q) { return Publish(q); });
  };
  ExpectRepeatable(*service_, change(Parade()), "source", "另一文件");
  EXPECT_EQ(ExpectEtagChecked(change(Parade()), "\"1\""), "\"2\"");
}

TEST_F(OrgCalendarTest, YearsComeInOrderPageByPage) {
  EXPECT_THAT(Years(0), IsEmpty());
  for (const int year : {2016, 2014, 2015}) ASSERT_THAT(Publish(Empty(year)), IsOk());
  for (int size = 0; size <= 4; ++size) EXPECT_THAT(Years(size), ElementsAre(2014, 2015, 2016));
  v1::ListCalendarsRequest request;
  request.set_page_token("AAAA");
  EXPECT_THAT(As(audit_admin_, *calendars_, &C::ListCalendars, request),
              Invalid("PAGE_TOKEN_INVALID"));
}

}  // namespace
}  // namespace qungong::org

// People: what is shown, what is stored, what is recorded and what is forgotten.
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/checkpoint.h"
#include "runtime/feed.h"
#include "tests/support/matchers.h"
#include "tests/support/org/people.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kIdNumber[] = "11010519491231002X";
constexpr auto kStaff = v1::Appointment::CENTER_STAFF;

auto Precondition(const char* reason) {
  return StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(reason));
}

class OrgPersonTest : public OrgPeopleTest {
 protected:
  absl::StatusOr<v1::Unmasking> Unmask(const std::string& person, v1::Person::Field field,
                                       const std::string& request_id = "") {
    v1::UnmaskPersonRequest request;
    request.set_name(person);
    request.set_field(field);
    request.set_purpose("核对任免文件");
    request.set_request_id(request_id);
    return As(registrar_, *people_, &v1::PersonService::Stub::UnmaskPerson, request);
  }
  absl::StatusOr<v1::Person> Erase(const std::string& person) {
    v1::ErasePersonRequest request;
    request.set_name(person);
    return As(security_admin_, *people_, &v1::PersonService::Stub::ErasePerson, request);
  }
  absl::StatusOr<v1::Person> Get(const std::string& person) {
    v1::GetPersonRequest request;
    request.set_name(person);
    return As(registrar_, *people_, &v1::PersonService::Stub::GetPerson, request);
  }
};

TEST_F(OrgPersonTest, APersonIsShownMaskedAndStoredSealed) {
  const auto person = CreatePerson("张三丰", "+86 138-1234-5678", "11010519491231002x");
  ASSERT_THAT(person, IsOk());
  EXPECT_EQ(person->display_name(), "张**");
  EXPECT_EQ(person->phone(), "138****5678");
  EXPECT_EQ(person->id_number(), "110*************2X");
  EXPECT_THAT(Get(person->name()), IsOkAndHolds(EqualsProto(*person)));
  ASSERT_THAT(Unmask(person->name(), v1::Person::PHONE), IsOk());
  for (const char* text : {"张", "三丰", "13812345678", "5678", kIdNumber}) {
    EXPECT_EQ(service_->Count(absl::StrCat("people WHERE LOCATE('", text, "', CONCAT(name_sealed, ",
                                           "phone_sealed, id_sealed)) > 0")),
              0)
        << text;
    EXPECT_EQ(service_->Count(absl::StrCat("events WHERE LOCATE('", text, "', image) > 0 OR ",
                                           "LOCATE('", text, "', payload) > 0")),
              0)
        << text;
  }
}

TEST_F(OrgPersonTest, WholeNumbersFindPeople) {
  const auto person = CreatePerson("张三丰", "13812345678", kIdNumber);
  const auto search = [&](const char* phone, const char* id_number) {
    v1::SearchPeopleRequest request;
    request.set_phone(phone);
    request.set_id_number(id_number);
    return As(registrar_, *people_, &v1::PersonService::Stub::SearchPeople, request);
  };
  EXPECT_THAT(search("138 1234 5678", "")->people(), SizeIs(1));
  EXPECT_THAT(search("+8613812345678", "")->people(), SizeIs(1));
  EXPECT_THAT(search("", "11010519491231002x")->people(), SizeIs(1));
  EXPECT_THAT(search("13812345679", "")->people(), IsEmpty());
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD"));
  EXPECT_THAT(search("", ""), invalid);
  EXPECT_THAT(search("13812345678", kIdNumber), invalid);
  EXPECT_THAT(CreatePerson("李四", "", kIdNumber),
              StatusIs(absl::StatusCode::kAlreadyExists, HasReason("PERSON_KNOWN")));
  EXPECT_THAT(CreatePerson("李四", "", "110105194912310021"), invalid);
}

TEST_F(OrgPersonTest, EveryLookBehindTheMaskIsRecorded) {
  const auto person = CreatePerson("张三丰", "13812345678");
  const std::string id = NewUuidV7(absl::Now()).ToString();
  const auto seen = Unmask(person->name(), v1::Person::PHONE, id);
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(seen->value(), "13812345678");
  EXPECT_THAT(Unmask(person->name(), v1::Person::PHONE, id), IsOkAndHolds(EqualsProto(*seen)));
  service_->clock().Stand(testing::TestNow() + absl::Seconds(1));
  EXPECT_EQ(Unmask(person->name(), v1::Person::DISPLAY_NAME)->value(), "张三丰");
  EXPECT_THAT(Unmask(person->name(), v1::Person::ID_NUMBER), Precondition("FIELD_EMPTY"));

  const auto list = &v1::PersonService::Stub::ListUnmaskings;
  const auto looks = As(audit_admin_, *people_, list, v1::ListUnmaskingsRequest());
  ASSERT_THAT(looks, IsOk());
  ASSERT_THAT(looks->unmaskings(), SizeIs(2));
  const v1::Unmasking& first = looks->unmaskings(1);
  EXPECT_EQ(first.person(), person->name());
  EXPECT_EQ(first.account(), registrar_);
  EXPECT_EQ(first.field(), v1::Person::PHONE);
  EXPECT_EQ(first.purpose(), "核对任免文件");
  EXPECT_EQ(first.value(), "");
  EXPECT_THAT(As(registrar_, *people_, list, v1::ListUnmaskingsRequest()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
}

TEST_F(OrgPersonTest, ErasureIsForEverAndTheChainStillVerifies) {
  const auto person = CreatePerson("张三丰", "13812345678", kIdNumber);
  ASSERT_THAT(Unmask(person->name(), v1::Person::PHONE), IsOk());
  const auto erased = Erase(person->name());
  ASSERT_THAT(erased, IsOk());
  EXPECT_EQ(erased->state(), v1::Person::ERASED);
  EXPECT_EQ(Get(person->name())->display_name(), "");
  EXPECT_THAT(Unmask(person->name(), v1::Person::PHONE), Precondition("PERSON_ERASED"));
  EXPECT_THAT(Erase(person->name()), Precondition("PERSON_ERASED"));
  EXPECT_THAT(Appoint(person->name(), kStaff, kTown, kToday), Precondition("PERSON_ERASED"));

  mysql::Session session(service_->chassis().database);
  while (SequenceEvents(session).value_or(0) > 0) {
  }
  EXPECT_THAT(VerifyChain(session), IsOk());
  const Uuid id = *ParseResourceName("people", person->name());
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    const auto history = LoadHistory(tx, service_->chassis().keys, "people", id, 0, 10);
    if (!history.ok()) return history.status();
    EXPECT_THAT(*history, SizeIs(2));
    EXPECT_EQ(history->front().image, "");
    return absl::OkStatus();
  });
  // The looks stay on record, and the number is free for whoever bears it.
  EXPECT_EQ(service_->Count("unmaskings"), 1);
  EXPECT_THAT(CreatePerson("张三丰", "13812345678", kIdNumber), IsOk());
}

TEST_F(OrgPersonTest, NobodyIsErasedInOffice) {
  const auto person = CreatePerson("张三丰");
  const auto post = Appoint(person->name(), kStaff, kTown, kToday);
  EXPECT_THAT(Erase(person->name()), Precondition("PERSON_IN_OFFICE"));
  ASSERT_THAT(End(post->name(), kToday), IsOk());
  EXPECT_THAT(Erase(person->name()), IsOk());
}

TEST_F(OrgPersonTest, NobodyIsErasedWhoseAccountIsActiveAndTheAccountIsNotEnabledAfterwards) {
  const auto person = CreatePerson("张三丰");
  const auto account = CreateAccount("zhang", kTown, person->name());
  EXPECT_THAT(Erase(person->name()), Precondition("PERSON_HAS_ACCOUNT"));
  v1::DisableAccountRequest disable;
  disable.set_name(account->name());
  ASSERT_THAT(As(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, disable),
              IsOk());
  EXPECT_THAT(Erase(person->name()), IsOk());
  v1::EnableAccountRequest enable;
  enable.set_name(account->name());
  EXPECT_THAT(As(system_admin_, *accounts_, &v1::AccountService::Stub::EnableAccount, enable),
              Precondition("PERSON_ERASED"));
  EXPECT_THAT(CreateAccount("zhang.2", kTown, person->name()), Precondition("PERSON_ERASED"));
}

TEST_F(OrgPersonTest, ErasureAndWhatItExcludesAtOnceNeverBothSucceed) {
  for (int round = 0; round < 20; ++round) {
    const std::string person = CreatePerson("张三丰")->name();
    absl::Status erased;
    absl::Status begun;
    std::thread other([&] {
      begun = round % 2 == 0 ? CreateAccount(absl::StrCat("zhang-", round), kTown, person).status()
                             : Appoint(person, kStaff, kTown, kToday).status();
    });
    erased = Erase(person).status();
    other.join();
    EXPECT_NE(erased.ok(), begun.ok()) << round << ": " << erased << ", " << begun;
  }
}

TEST_F(OrgPersonTest, AnUpdateReplacesWhatItNames) {
  const auto person = CreatePerson("张三丰", "13812345678");
  v1::UpdatePersonRequest request;
  request.set_name(person->name());
  request.set_phone("13900001111");
  request.set_etag(person->etag());
  const auto update = &v1::PersonService::Stub::UpdatePerson;
  const auto updated = As(registrar_, *people_, update, request);
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->phone(), "139****1111");
  EXPECT_EQ(updated->display_name(), "张**");
  EXPECT_THAT(As(registrar_, *people_, update, request),
              StatusIs(absl::StatusCode::kAborted, HasReason("ETAG_MISMATCH")));
}

}  // namespace
}  // namespace qungong::org

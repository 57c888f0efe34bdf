// The wrapper and the mutation protocol, on a service of the smallest kind and a real MariaDB.
#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/faults/fault_enumeration.h"
#include "tests/support/matchers.h"
#include "tests/support/note/note_service.h"
#include "tests/support/service_fixture.h"

namespace qungong {
namespace {

namespace pb = note::v1;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::kForever;
using ::qungong::testing::NoteHandlers;
using ::qungong::testing::StatusIs;
using ::qungong::testing::TestService;

class MutationTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    service = new TestService("ticket", testing::NoteMigrations(), testing::WireNotes);
    stub = pb::NoteService::NewStub(service->channel()).release();
  }
  static void TearDownTestSuite() {
    delete stub;
    delete service;
  }
  void SetUp() override { service->Reset(); }
  void TearDown() override { service->SetFault(nullptr); }

  static pb::WriteNoteRequest Writing(const std::string& text) {
    pb::WriteNoteRequest request;
    request.set_name("notes/01900000-0000-7000-8000-000000000001");
    request.set_text(text);
    request.set_request_id(NewUuidV7(absl::Now()).ToString());
    return request;
  }
  absl::StatusOr<pb::Note> Write(const pb::WriteNoteRequest& request) {
    return service->Call(*stub, &pb::NoteService::Stub::WriteNote, "", request);
  }
  static int64_t Version() { return service->Count("notes WHERE version = 1") == 1 ? 1 : 0; }

  static TestService* service;
  static pb::NoteService::Stub* stub;
};

TestService* MutationTest::service = nullptr;
pb::NoteService::Stub* MutationTest::stub = nullptr;

TEST_F(MutationTest, TheSameRequestIdGivesTheSameReplyAndHasEffectOnce) {
  const auto request = Writing("路灯");
  const auto first = Write(request);
  ASSERT_THAT(first, IsOk());
  const auto second = Write(request);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());
  EXPECT_EQ(service->Count("events"), 1);
  EXPECT_EQ(Version(), 1);
}

TEST_F(MutationTest, TheSameRequestIdWithAnotherBodyIsRefused) {
  auto request = Writing("路灯");
  ASSERT_THAT(Write(request), IsOk());
  request.set_text("另一件事");
  EXPECT_THAT(Write(request),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("REQUEST_ID_REUSED")));
  EXPECT_EQ(service->Count("events"), 1);
}

TEST_F(MutationTest, AReplyIsReplayedAlthoughTheResourceHasChangedSince) {
  const auto request = Writing("first");
  ASSERT_THAT(Write(request), IsOk());
  ASSERT_THAT(Write(Writing("second")), IsOk());
  const auto again = Write(request);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->text(), "first");
  EXPECT_EQ(again->version(), 1);
}

TEST_F(MutationTest, OneRequestSentByManyAtOnceHasEffectOnce) {
  const auto request = Writing("路灯");
  std::vector<std::thread> clients;
  clients.reserve(8);
  std::atomic<int> same = 0;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      const auto reply = Write(request);
      if (reply.ok() && reply->version() == 1) ++same;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(same, 8);
  EXPECT_EQ(service->Count("events"), 1);
}

TEST_F(MutationTest, ManyWritersOfOneRowLoseNoUpdate) {
  constexpr int kClients = 8;
  constexpr int kEach = 20;
  std::vector<std::thread> clients;
  clients.reserve(kClients);
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      for (int k = 0; k < kEach; ++k) EXPECT_THAT(Write(Writing("x")), IsOk());
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(service->Count(absl::StrCat("notes WHERE version = ", kClients * kEach)), 1);
  EXPECT_EQ(service->Count("events"), kClients * kEach);
}

// The witness of fault enumeration: it keeps the promise here, and finds a handler that does not.
TEST_F(MutationTest, EveryFaultAtEveryStatementLeavesExactlyOneEffectOrIsFound) {
  testing::FaultEnumeration enumeration(*service, "ticket", {"notes WHERE version > 1"},
                                        {"feed_head"});
  constexpr char kMethod[] = "qungong.note.v1.NoteService/WriteNote";
  const auto prepare = [&] {
    pb::WriteNoteRequest request = Writing("路灯");
    request.set_name(ResourceName("notes", NewUuidV7(absl::Now())));
    return testing::Sending(*service, kMethod, "", request);
  };
  EXPECT_THAT(enumeration.Run(kMethod, prepare), ::testing::IsEmpty());
  EXPECT_GE(enumeration.planted(), 36);

  NoteHandlers::careless = &service->chassis().database;
  const std::vector<std::string> wrong = enumeration.Run(kMethod, prepare);
  NoteHandlers::careless = nullptr;
  EXPECT_THAT(wrong, ::testing::Contains(::testing::HasSubstr("the effect was")));
}

// Conflicts after a COMMIT whose answer was lost must not look like a definite no.
TEST_F(MutationTest, AWriteThatIsInDoubtAndThenMeetsConflictsOnlyIsNotRefused) {
  std::atomic<bool> lost = false;
  std::atomic<int> conflicts = 0;
  service->SetFault([&](absl::string_view sql, bool after) {
    if (sql == "COMMIT" && after && !lost.exchange(true))
      return mysql::StatusFromDriver(2013, "HY000", "planted");
    if (lost && !after && absl::StrContains(sql, "INSERT INTO idempotency_keys") && ++conflicts < 8)
      return mysql::StatusFromDriver(1213, "40001", "planted");
    return absl::OkStatus();
  });
  // The channel asks again by itself where it was not told.
  EXPECT_THAT(Write(Writing("a")), IsOk());
  EXPECT_EQ(conflicts, 8);
  EXPECT_EQ(service->Count("events"), 1);
}

TEST_F(MutationTest, AnInvalidRequestNamesEveryFieldAndChangesNothing) {
  pb::WriteNoteRequest request;
  request.set_name("units/01900000-0000-7000-8000-000000000001");
  request.set_request_id("1");
  const auto reply = Write(request);
  EXPECT_THAT(reply, StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")));
  EXPECT_EQ(service->Count("idempotency_keys"), 0);
}

TEST_F(MutationTest, AReadNeedsATokenWhereTheContractSaysSo) {
  ASSERT_THAT(Write(Writing("路灯")), IsOk());
  pb::ReadNoteRequest request;
  request.set_name(Writing("").name());
  EXPECT_THAT(service->Call(*stub, &pb::NoteService::Stub::ReadNote, "", request),
              StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_MISSING")));
  EXPECT_THAT(service->Call(*stub, &pb::NoteService::Stub::ReadNote,
                            "accounts/01900000-0000-7000-8000-00000000000a", request),
              IsOk());
}

TEST_F(MutationTest, AStreamSendsWhatItsProducerMakesAndEnds) {
  pb::ReadNoteRequest request;
  request.set_name(Writing("").name());
  request.set_times(20);
  const auto context = service->As("");
  const auto reader = stub->RepeatNote(context.get(), request);
  pb::Note note;
  int count = 0;
  while (reader->Read(&note)) EXPECT_EQ(note.version(), 20 - count++);
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(count, 20);
}

TEST_F(MutationTest, AStreamThatTheClientLeavesEndsOnTheServer) {
  pb::ReadNoteRequest request;
  request.set_name(Writing("").name());
  request.set_times(1000000);
  const auto context = service->As("");
  const auto reader = stub->RepeatNote(context.get(), request);
  pb::Note note;
  ASSERT_TRUE(reader->Read(&note));
  context->TryCancel();
  while (reader->Read(&note)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(MutationTest, AnOpenStreamEndsWhenItsProcessBeginsToStop) {
  pb::ReadNoteRequest request;
  request.set_name(Writing("").name());
  request.set_times(kForever);
  const auto context = service->As("");
  const auto reader = stub->RepeatNote(context.get(), request);
  pb::Note note;
  ASSERT_TRUE(reader->Read(&note));
  service->BeginDrain();
  EXPECT_FALSE(reader->Read(&note));
  EXPECT_THAT(FromGrpcStatus(reader->Finish()),
              StatusIs(absl::StatusCode::kUnavailable, HasReason("DRAINING")));
}

TEST_F(MutationTest, AnUploadIsAMutationAndTooLargeAOneIsRefused) {
  const auto upload = [&](size_t size, const std::string& id) {
    const auto context = service->As("");
    pb::Note note;
    const auto writer = stub->UploadNote(context.get(), &note);
    pb::UploadNoteRequest message;
    *message.mutable_metadata() = Writing("unused");
    message.mutable_metadata()->set_request_id(id);
    writer->Write(message);
    for (size_t sent = 0; sent < size; sent += 100) {
      message.set_chunk(std::string(100, 'a'));
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return FromGrpcStatus(writer->Finish());
  };
  const std::string id = NewUuidV7(absl::Now()).ToString();
  EXPECT_THAT(upload(900, id), IsOk());
  EXPECT_THAT(upload(900, id), IsOk());  // the same again
  EXPECT_THAT(upload(800, id), HasReason("REQUEST_ID_REUSED"));
  EXPECT_THAT(upload(2000, NewUuidV7(absl::Now()).ToString()), HasReason("UPLOAD_TOO_LARGE"));
  EXPECT_EQ(service->Count("events"), 1);
}

TEST_F(MutationTest, AClientThatAsksLearnsHowFarTheFeedMustBeRead) {
  const auto context = service->As("");
  context->AddMetadata("x-qungong-position", "1");
  pb::Note note;
  ASSERT_TRUE(stub->WriteNote(context.get(), Writing("路灯"), &note).ok());
  const auto& trailers = context->GetServerTrailingMetadata();
  const auto position = trailers.find("x-qungong-after");
  ASSERT_NE(position, trailers.end());
  EXPECT_TRUE(
      absl::StartsWith(std::string(position->second.data(), position->second.size()), "note@"));
  EXPECT_EQ(service->Count("events WHERE sequence = 1"), 1);
}

}  // namespace
}  // namespace qungong

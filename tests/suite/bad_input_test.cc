// Bad input of every kind, sent to the running suite through the gateway: each gets a clear error
// with a reason, and nothing changes. Run by tests/end_to_end_test against a suite that it has
// started.
#include <cstdlib>
#include <fstream>
#include <functional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/crypto.h"
#include "runtime/mysql.h"
#include "runtime/server.h"
#include "runtime/token.h"
#include "tests/demo/cast.h"

namespace qungong {
namespace {

using demo::Api;
using demo::NewRequestId;
using demo::Reply;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

const demo::Stage& Stage() {
  static const auto* stage_of_environment = [] {
    auto* stage = new demo::Stage;
    stage->port = std::atoi(Environment("QUNGONG_PORT").c_str());
    stage->run_dir = Environment("QUNGONG_RUN_DIR");
    return stage;
  }();
  return *stage_of_environment;
}

// How much each service's database holds: rows of events and of idempotency keys, states of
// tickets.
std::string WhatIsStored() {
  std::string all;
  for (const char* service : {"org", "ticket", "appraisal"}) {
    mysql::Options options;
    options.address = absl::StrCat("unix:", Stage().run_dir, "/mariadb/socket");
    options.schema = absl::StrCat("qungong_", service);
    options.user = absl::StrCat(service, "_app");
    options.password =
        *ReadSecret(absl::StrCat(Stage().run_dir, "/secrets/", service, "_app.password"));
    mysql::Session session(options);
    auto rows = session.QueryDirect(
        "SELECT (SELECT COUNT(*) FROM events), (SELECT COUNT(*) FROM idempotency_keys),"
        " (SELECT COUNT(*) FROM subject_keys), (SELECT COUNT(*) FROM directory_grants)");
    EXPECT_TRUE(rows.ok()) << rows.status();
    if (!rows.ok()) continue;
    for (size_t i = 0; i < 4; ++i) absl::StrAppend(&all, rows->at(0).Int64(i), " ");
  }
  return all;
}

ticket::v1::SubmitTicketRequest GoodSubmission() {
  ticket::v1::SubmitTicketRequest request;
  request.set_request_id(NewRequestId());
  request.set_tracking_hash(Sha256(NewRequestId()));
  request.set_channel(ticket::v1::Ticket::WEB);
  request.set_division_code(demo::kSubdistrict);
  request.set_ticket_class("ticketClasses/0101");
  request.set_title("路灯不亮");
  request.set_content("门口路灯不亮。");
  return request;
}

std::string Json(const google::protobuf::Message& message) {
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json);
  return json;
}

// The good submission with one piece of its text replaced.
std::string With(absl::string_view from, const std::string& to) {
  const std::string good = Json(GoodSubmission());
  std::string bad = absl::StrReplaceAll(good, {{from, to}});
  EXPECT_NE(good, bad) << from;
  return bad;
}

std::string KidOf(const std::string& jwk) {
  google::protobuf::Struct json;
  (void)google::protobuf::util::JsonStringToMessage(jwk, &json);
  return json.fields().at("kid").string_value();
}

// A well-formed token for everyone's benefit, signed by a key that is not org-service's under the
// kid that is.
std::string TokenOfAnotherKey() {
  const std::string ours = *ReadSecret(Stage().run_dir + "/secrets/token-signing-key.json");
  const std::string foreign =
      *ReadSecret(Environment("QUNGONG_FOREIGN_DIR") + "/secrets/token-signing-key.json");
  const std::string file = Stage().run_dir + "/foreign-key.json";
  std::ofstream(file) << absl::StrReplaceAll(foreign, {{KidOf(foreign), KidOf(ours)}});
  auto signer = TokenSigner::FromFile(file);
  EXPECT_TRUE(signer.ok()) << signer.status();
  TokenClaims claims;
  claims.subject = "accounts/" + NewRequestId();
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, "2015-08-10T02:00:00Z", &claims.issued, nullptr));
  claims.expires = claims.issued + absl::Minutes(15);
  return *(*signer)->Sign(claims);
}

class BadInputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    demo::SetClock(Stage(), "2015-08-10T02:00:00Z");
    clerk = new Api("127.0.0.1", Stage().port);
    EXPECT_TRUE(clerk->SignIn("community-clerk", demo::DemoPassword(Stage())).ok());
    staff = new Api("127.0.0.1", Stage().port);
    EXPECT_TRUE(staff->SignIn("district-staff", demo::DemoPassword(Stage())).ok());
    // A ticket of the community, REGISTERED then ACCEPTED: version 2.
    auto submission = GoodSubmission();
    submission.set_division_code(demo::CommunityCode(*clerk));
    ASSERT_TRUE(Api("127.0.0.1", Stage().port).Post("/v1/tickets", submission, &ticket).ok());
    first_etag = ticket.etag();
    ticket::v1::AcceptTicketRequest accept;
    accept_id = NewRequestId();
    accept.set_request_id(accept_id);
    const Reply reply =
        clerk->Post(absl::StrCat("/v1/", ticket.name(), ":accept"), accept, &ticket);
    ASSERT_TRUE(reply.ok()) << reply.Outcome() << reply.body;
    before = WhatIsStored();
  }
  static void TearDownTestSuite() {
    demo::SetClock(Stage(), "");
    delete clerk;
    delete staff;
  }
  // After every single case.
  void TearDown() override { EXPECT_EQ(WhatIsStored(), before) << "something changed"; }

  static void ExpectRefused(const Reply& reply, int http_status, const std::string& reason) {
    EXPECT_EQ(reply.http_status, http_status) << reply.body;
    EXPECT_EQ(reply.reason, reason) << reply.body;
    EXPECT_FALSE(reply.chinese.empty()) << "no text for people: " << reply.body;
  }

  static Api* clerk;
  static Api* staff;
  static ticket::v1::Ticket ticket;
  static std::string first_etag;
  static std::string accept_id;
  static std::string before;
};

Api* BadInputTest::clerk = nullptr;
Api* BadInputTest::staff = nullptr;
ticket::v1::Ticket BadInputTest::ticket;
std::string BadInputTest::first_etag;
std::string BadInputTest::accept_id;
std::string BadInputTest::before;

TEST_F(BadInputTest, BodiesThatAreNotTheMessage) {
  struct Case {
    const char* name;
    std::string body;
    int http_status;
    const char* reason;
  };
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  const Case cases[] = {
      {"malformed JSON", "{\"title\": ", 400, "JSON_MALFORMED"},
      {"trailing comma", With("\"路灯不亮\"", "\"路灯不亮\",,"), 400, "JSON_MALFORMED"},
      {"single quotes", "{'title': 'x'}", 400, "JSON_MALFORMED"},
      {"deep", absl::StrCat("{\"title\":", deep, "}"), 400, "JSON_TOO_LARGE"},
      {"duplicate keys", With("{", "{\"title\":\"另\","), 400, "INVALID_FIELD"},
      {"bad UTF-8", With("路灯不亮", "\xff\xfe"), 400, "JSON_MALFORMED"},
      {"lone surrogate", With("路灯不亮", "\\ud800"), 400, "JSON_MALFORMED"},
      {"unknown field", With("{", R"({"colour":"red",)"), 400, "INVALID_FIELD"},
      {"unknown enum", With("\"WEB\"", "\"PIGEON\""), 400, "INVALID_FIELD"},
      {"unknown enum number", With("\"WEB\"", "99"), 400, "INVALID_FIELD"},
      {"wrong type", With("\"路灯不亮\"", "7"), 400, "INVALID_FIELD"},
      {"oversized", absl::StrCat(R"({"content":")", std::string(2 << 20, 'a'), "\"}"), 413,
       "BODY_TOO_LARGE"},
      {"empty", "", 400, "INVALID_FIELD"},
      {"an array", "[]", 400, "INVALID_FIELD"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Api citizen("127.0.0.1", Stage().port);
    ExpectRefused(citizen.PostText("/v1/tickets", c.body, "application/json"), c.http_status,
                  c.reason);
  }
}

TEST_F(BadInputTest, FieldsThatDoNotHoldWhatTheyMust) {
  struct Case {
    const char* name;
    std::function<void(ticket::v1::SubmitTicketRequest&)> spoil;
    int http_status;
    const char* reason;
  };
  const Case cases[] = {
      {"missing title", [](auto& r) { r.clear_title(); }, 400, "INVALID_FIELD"},
      {"title too long", [](auto& r) { r.set_title(std::string(81, 'x')); }, 400, "INVALID_FIELD"},
      {"content too long", [](auto& r) { r.set_content(std::string(2001, 'x')); }, 400,
       "INVALID_FIELD"},
      {"control character",
       [](auto& r) {
         r.set_title(
             "a\x01"
             "b");
       },
       400, "INVALID_FIELD"},
      {"request_id not a UUID", [](auto& r) { r.set_request_id("1"); }, 400, "INVALID_FIELD"},
      {"phone not a phone", [](auto& r) { r.mutable_reporter()->set_phone("not a phone"); }, 400,
       "INVALID_FIELD"},
      {"tracking hash too short", [](auto& r) { r.set_tracking_hash("short"); }, 400,
       "INVALID_FIELD"},
      {"division of another collection", [](auto& r) { r.set_division("units/" + NewRequestId()); },
       400, "INVALID_FIELD"},
      {"unknown class", [](auto& r) { r.set_ticket_class("ticketClasses/9999"); }, 400,
       "CLASS_UNKNOWN"},
      {"clerk's channel without an account",
       [](auto& r) { r.set_channel(ticket::v1::Ticket::COUNTER); }, 401, "CHANNEL_NEEDS_ACCOUNT"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto request = GoodSubmission();
    c.spoil(request);
    Api citizen("127.0.0.1", Stage().port);
    ExpectRefused(citizen.Post("/v1/tickets", request), c.http_status, c.reason);
  }
}

TEST_F(BadInputTest, StepsThatAreNotAllowed) {
  ticket::v1::AcceptTicketRequest accept;
  accept.set_request_id(NewRequestId());
  const std::string target = absl::StrCat("/v1/", ticket.name(), ":accept");
  ExpectRefused(clerk->Post(target, accept), 400,
                "TICKET_STATE");  // illegal transition: accepted already
  accept.set_request_id(NewRequestId());
  accept.set_etag(first_etag);
  ExpectRefused(clerk->Post(target, accept), 409, "ETAG_MISMATCH");
  accept.set_request_id(accept_id);
  accept.set_etag("");
  accept.set_ticket_class("ticketClasses/0101");
  ExpectRefused(clerk->Post(target, accept), 400, "REQUEST_ID_REUSED");
  ticket::v1::CloseTicketRequest close;
  close.set_request_id(NewRequestId());
  ExpectRefused(clerk->Post(absl::StrCat("/v1/", ticket.name(), ":close"), close), 403,
                "ROLE_MISSING");
}

TEST_F(BadInputTest, PageTokensThatWereNotMadeForTheQuestion) {
  ticket::v1::ListTicketsResponse page;
  ASSERT_TRUE(clerk->Get("/v1/tickets?pageSize=1", &page).ok());
  ASSERT_FALSE(page.next_page_token().empty()) << "the demo was not played before";
  std::string forged = page.next_page_token();
  forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
  ExpectRefused(clerk->Get("/v1/tickets?pageSize=1&pageToken=" + forged), 400,
                "PAGE_TOKEN_INVALID");
  // Another's, and for another filter.
  ExpectRefused(staff->Get("/v1/tickets?pageSize=1&pageToken=" + page.next_page_token()), 400,
                "PAGE_TOKEN_INVALID");
  ExpectRefused(
      clerk->Get("/v1/tickets?pageSize=1&states=CLOSED&pageToken=" + page.next_page_token()), 400,
      "PAGE_TOKEN_INVALID");
  ExpectRefused(clerk->Get("/v1/tickets?pageSize=-1"), 400, "INVALID_FIELD");
  ExpectRefused(clerk->Get("/v1/tickets?noSuchField=1"), 400, "INVALID_FIELD");
}

TEST_F(BadInputTest, SessionsThatAreForgedExpiredOrForeign) {
  Api nobody("127.0.0.1", Stage().port);
  ExpectRefused(nobody.Get("/v1/tickets"), 401, "TOKEN_MISSING");

  Api forged("127.0.0.1", Stage().port);
  forged.UseCookie("qungong_session=" + absl::WebSafeBase64Escape(std::string(32, 'x')));
  ExpectRefused(forged.Get("/v1/tickets"), 401, "SESSION_ENDED");

  // A token signed with a key of one's own, under the right kid.
  Api foreign("127.0.0.1", Stage().port);
  foreign.UseToken(TokenOfAnotherKey());
  ExpectRefused(foreign.Get("/v1/tickets"), 401, "TOKEN_INVALID");

  // Signed by org-service, for a moment that is past.
  auto signer = TokenSigner::FromFile(Stage().run_dir + "/secrets/token-signing-key.json");
  ASSERT_TRUE(signer.ok());
  TokenClaims claims;
  claims.subject = "accounts/" + NewRequestId();
  absl::Time then;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, "2015-08-01T00:00:00Z", &then, nullptr));
  claims.issued = then;
  claims.expires = then + absl::Minutes(15);
  Api expired("127.0.0.1", Stage().port);
  expired.UseToken(*(*signer)->Sign(claims));
  ExpectRefused(expired.Get("/v1/tickets"), 401, "TOKEN_EXPIRED");
}

TEST_F(BadInputTest, AWrongPasswordIsCountedAndNothingElse) {
  Api wrong("127.0.0.1", Stage().port);
  ExpectRefused(wrong.SignIn("district-staff", "not the password"), 401, "SIGN_IN_FAILED");
  before = WhatIsStored();  // the failed sign-in itself is an event
}

TEST_F(BadInputTest, PlacesThatDoNotExist) {
  ExpectRefused(clerk->Get("/v1/noSuchThing"), 404, "ROUTE_NOT_FOUND");
  ExpectRefused(clerk->Get("/v1/tickets/not-a-uuid"), 400, "INVALID_FIELD");
  const Reply reply = clerk->PostText("/v1/divisions:count", "{}", "application/json");
  EXPECT_EQ(reply.http_status, 405) << reply.body;
  ExpectRefused(clerk->PostText("/v1/tickets", "{}", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE");
}

}  // namespace
}  // namespace qungong

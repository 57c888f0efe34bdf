// ticket-service in the test's process, in a small Chongqing: a municipality, two districts, one
// with a subdistrict, two communities and a lighting department; people with roles at each.
#ifndef QUNGONG_TESTS_SUPPORT_TICKET_TICKET_FIXTURE_H_
#define QUNGONG_TESTS_SUPPORT_TICKET_TICKET_FIXTURE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "qungong/ticket/v1/ticket_class_service.grpc.pb.h"
#include "qungong/ticket/v1/ticket_service.grpc.pb.h"
#include "runtime/civil.h"
#include "runtime/feed.h"
#include "tests/support/calendars.h"
#include "tests/support/matchers.h"
#include "tests/support/service_fixture.h"
#include "ticket-service/schedule.h"
#include "ticket-service/ticket_number.h"
#include "ticket-service/tracking_code.h"
#include "ticket-service/wire.h"

namespace qungong {
absl::Span<const Migration> TicketMigrations();
}

namespace qungong::ticket {

namespace pb = ::qungong::ticket::v1;

inline Uuid IdOf(absl::string_view what) { return NameUuid(absl::StrCat("test/", what)); }
inline std::string UnitOf(absl::string_view place) {
  return ResourceName("units", IdOf(absl::StrCat("unit/", place)));
}
inline std::string DivisionOf(absl::string_view place) {
  return ResourceName("divisions", IdOf(absl::StrCat("division/", place)));
}
inline std::string AccountOf(absl::string_view login) {
  return ResourceName("accounts", IdOf(login));
}
inline std::string NewRequestId() { return NewUuidV7(absl::Now()).ToString(); }

// Makes the records of places and of the units that govern them.
class TreeBuilder {
 public:
  // A division and its unit, both below those of `parent` ("" for the top).
  TreeBuilder& Place(const std::string& name, const std::string& code, rpc::v1::Level level,
                     const std::string& parent) {
    rpc::v1::NodeRecord& division =
        Node(DivisionOf(name), rpc::v1::DIVISION_NODE, level, name, code);
    rpc::v1::NodeRecord& unit = Node(UnitOf(name), rpc::v1::UNIT_NODE, level, name, code);
    unit.set_division(DivisionOf(name));
    if (!parent.empty()) {
      AddEdge(division, rpc::v1::DIVISION_TREE, DivisionOf(parent));
      AddEdge(unit, rpc::v1::ADMINISTRATIVE_TREE, UnitOf(parent));
    }
    return *this;
  }
  TreeBuilder& Department(const std::string& name, const std::string& line,
                          const std::string& parent) {
    rpc::v1::NodeRecord& unit =
        Node(UnitOf(name), rpc::v1::UNIT_NODE, rpc::v1::DISTRICT_LEVEL, name, "");
    unit.set_line(line);
    AddEdge(unit, rpc::v1::ADMINISTRATIVE_TREE, UnitOf(parent));
    return *this;
  }
  TreeBuilder& Grant(const std::string& login, rpc::v1::Role role, const std::string& place,
                     const std::string& line = "") {
    rpc::v1::GrantRecord& grant = *change_.add_grants();
    grant.set_name(ResourceName("grants", IdOf(absl::StrCat(login, role, place, line))));
    grant.set_principal(AccountOf(login));
    grant.set_role(role);
    grant.set_node(UnitOf(place));
    grant.set_line(line);
    grant.mutable_valid()->set_to_day(kNoEndDay);
    return *this;
  }
  TreeBuilder& Calendars() {
    for (const rpc::v1::CalendarRecord& year : testing::CalendarRecords())
      *change_.add_calendars() = year;
    return *this;
  }
  const rpc::v1::DirectoryChange& change() const { return change_; }
  rpc::v1::DirectoryChange* mutable_change() { return &change_; }

  static void AddEdge(rpc::v1::NodeRecord& node, rpc::v1::Tree tree, const std::string& parent,
                      int32_t from = 0, int32_t to = kNoEndDay) {
    rpc::v1::NodeEdge& edge = *node.add_edges();
    edge.set_tree(tree);
    edge.set_parent(parent);
    edge.mutable_valid()->set_from_day(from);
    edge.mutable_valid()->set_to_day(to);
  }

 private:
  rpc::v1::NodeRecord& Node(const std::string& name, rpc::v1::NodeKind kind, rpc::v1::Level level,
                            const std::string& display_name, const std::string& code) {
    rpc::v1::NodeRecord& node = *change_.add_nodes();
    node.set_name(name);
    node.set_kind(kind);
    node.set_level(level);
    node.mutable_valid()->set_to_day(kNoEndDay);
    rpc::v1::NodeLabel& label = *node.add_labels();
    label.mutable_valid()->set_to_day(kNoEndDay);
    label.set_display_name(display_name);
    label.set_code(code);
    return node;
  }

  rpc::v1::DirectoryChange change_;
};

class TicketServiceTest : public ::testing::Test {
 protected:
  using Stub = pb::TicketService::Stub;

  static void SetUpTestSuite() {
    service_ = std::make_unique<testing::TestService>("ticket", TicketMigrations(), Wire);
    stub_ = pb::TicketService::NewStub(service_->channel());
    session_ = std::make_unique<mysql::Session>(service_->chassis().database);
  }
  static void TearDownTestSuite() {
    session_.reset();
    stub_.reset();
    service_.reset();
  }

  void SetUp() override {
    service_->Reset();
    SetNow(At(2015, 7, 30, 9));
    service_->ApplyDirectory(City().change());
  }

  static absl::StatusOr<Wiring> Wire(Chassis& chassis) {
    Wiring wiring;
    WireTickets(chassis, wiring);
    return wiring;
  }
  static absl::Time Now() { return service_->clock().Now(); }
  static void SetNow(absl::Time now) { service_->clock().Stand(now); }
  static void Advance(absl::Duration by) { SetNow(Now() + by); }
  static void Learn(const TreeBuilder& tree) { service_->ApplyDirectory(tree.change()); }
  static int64_t Count(absl::string_view what) { return service_->Count(what); }

  // In Shanghai.
  static absl::Time At(int year, int month, int day, int hour, int minute = 0) {
    return absl::FromCivil(absl::CivilMinute(year, month, day, hour, minute), Shanghai());
  }

  static TreeBuilder City() {
    using namespace rpc::v1;  // NOLINT(google-build-using-namespace): the levels and roles of a
                              // small table
    TreeBuilder tree;
    tree.Place("重庆市", "500000000000", MUNICIPALITY_LEVEL, "");
    tree.Place("江北区", "500105", DISTRICT_LEVEL, "重庆市");
    tree.Place("渝北区", "500112", DISTRICT_LEVEL, "重庆市");
    tree.Place("观音桥街道", "500105006", TOWNSHIP_LEVEL, "江北区");
    tree.Place("建新社区", "500105006001", VILLAGE_LEVEL, "观音桥街道");
    tree.Place("洋河社区", "500105006002", VILLAGE_LEVEL, "观音桥街道");
    tree.Place("双龙湖街道", "500112001", TOWNSHIP_LEVEL, "渝北区");
    tree.Department("江北区市政局", "urban_management", "江北区");
    tree.Grant("clerk", CLERK, "建新社区").Grant("clerk2", CLERK, "观音桥街道");
    tree.Grant("town", HANDLER, "观音桥街道").Grant("town", DISPATCHER, "观音桥街道");
    tree.Grant("district", DISPATCHER, "江北区").Grant("district", CLERK, "江北区");
    tree.Grant("lighting", HANDLER, "江北区市政局").Grant("lighting", DISPATCHER, "江北区市政局");
    tree.Grant("caller", CALLBACK_AGENT, "江北区").Grant("leader", LEADER, "江北区");
    tree.Grant("mayor-clerk", CLERK, "重庆市");
    tree.Grant("mayor", LEADER, "重庆市")
        .Grant("mayor", DISPATCHER, "重庆市")
        .Grant("mayor", SUPERVISOR, "重庆市");
    tree.Grant("urban", LEADER, "重庆市", "urban_management")
        .Grant("health", LEADER, "重庆市", "health");
    for (const Role role : {CLERK, DISPATCHER, HANDLER, CALLBACK_AGENT, SUPERVISOR, LEADER}) {
      tree.Grant("neighbour", role, "渝北区");
    }
    tree.Calendars();
    return tree;
  }

  template <typename Request, typename Response>
  static absl::StatusOr<Response> Call(const std::string& login,
                                       grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                       const Request& request) {
    return service_->Call(*stub_, method, login.empty() ? "" : AccountOf(login), request);
  }

  // An act on a ticket, with a request_id of its own unless there is one.
  template <typename Request>
  static absl::StatusOr<pb::Ticket> Act(const std::string& login,
                                        grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, pb::Ticket*),
                                        const pb::Ticket& ticket, Request request = Request()) {
    request.set_name(ticket.name());
    if (request.request_id().empty()) request.set_request_id(NewRequestId());
    return Call(login, method, request);
  }

  static constexpr char kCode[] = "0123456789ABCDEF";

  static pb::SubmitTicketRequest Lamp() {
    pb::SubmitTicketRequest request;
    request.set_request_id(NewRequestId());
    request.set_tracking_hash(TrackingHash(kCode).value());
    request.set_channel(pb::Ticket::MOBILE_APP);
    request.set_division_code("500105006001");
    request.set_ticket_class("ticketClasses/0101");
    request.set_title("小区门口路灯坏了");
    request.set_content("建新东路小区门口的路灯坏了三天。");
    request.set_place_detail("建新东路 12 号");
    request.mutable_reporter()->set_display_name("张三");
    request.mutable_reporter()->set_phone("138 1234 5678");
    return request;
  }

  // The story, step by step.
  static pb::Ticket Submit(const pb::SubmitTicketRequest& request) {
    return Get(Call("", &Stub::SubmitTicket, request));
  }
  static pb::Ticket Submit() { return Submit(Lamp()); }
  static pb::Ticket Accept(const pb::Ticket& ticket) {
    return Get(Act("clerk", &Stub::AcceptTicket, ticket));
  }
  static pb::Ticket Dispatch(const std::string& login, const pb::Ticket& ticket,
                             const std::string& place) {
    pb::DispatchTicketRequest request;
    request.set_lead_unit(UnitOf(place));
    return Get(Act(login, &Stub::DispatchTicket, ticket, request));
  }
  static pb::Ticket Acknowledge(const std::string& login, const pb::Ticket& ticket) {
    return Get(Act(login, &Stub::AcknowledgeTicket, ticket));
  }
  static pb::Ticket SubmitResult(const std::string& login, const pb::Ticket& ticket) {
    pb::SubmitForReviewRequest request;
    request.set_result("已更换灯泡。");
    request.set_reply("路灯已修复。");
    request.mutable_contact_time()->set_seconds(absl::ToUnixSeconds(Now()));
    return Get(Act(login, &Stub::SubmitForReview, ticket, request));
  }
  static pb::Ticket Review(const std::string& login, const pb::Ticket& ticket) {
    pb::ReviewTicketRequest request;
    request.set_decision(pb::Review::APPROVE);
    return Get(Act(login, &Stub::ReviewTicket, ticket, request));
  }
  // Accepted in the community, with the lighting department of the district.
  pb::Ticket AtLighting() {
    pb::EscalateTicketRequest escalate;
    escalate.set_reason("街道无权处理");
    pb::Ticket ticket = Acknowledge("town", Dispatch("clerk", Accept(Submit()), "观音桥街道"));
    ticket = Get(Act("town", &Stub::EscalateTicket, ticket, escalate));
    return Acknowledge("lighting", Dispatch("district", ticket, "江北区市政局"));
  }
  pb::Ticket Answered() { return Review("district", SubmitResult("lighting", AtLighting())); }

  absl::StatusOr<pb::TicketProgress> Track(const std::string& number,
                                           const std::string& code = kCode) {
    pb::TrackTicketRequest request;
    request.set_number(number);
    request.set_tracking_code(code);
    return Call("", &Stub::TrackTicket, request);
  }
  absl::StatusOr<pb::ListTicketsResponse> List(const std::string& login,
                                               pb::ListTicketsRequest request = {}) {
    request.set_with_total_size(true);
    return Call(login, &Stub::ListTickets, request);
  }
  // Runs all that is due by the database's clock.
  static void RunDue(mysql::Session& session = *session_) {
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) more = SchedulePass(session, service_->chassis().keys);
    EXPECT_THAT(more, testing::IsOk());
  }

  // Applies a change as it comes with the feed.
  static void Follow(const rpc::v1::DirectoryChange& change, mysql::Session& session = *session_) {
    rpc::v1::FeedEvent event;
    event.set_payload_type(change.GetTypeName());
    event.set_payload(change.SerializeAsString());
    EXPECT_THAT(session.Transact({},
                                 [&](mysql::Tx& tx) -> absl::Status {
                                   RETURN_IF_ERROR(ApplyDirectoryEvents(tx, {event}));
                                   return OnDirectoryChange(tx, {event});
                                 }),
                testing::IsOk());
  }

  // Calls `call`; when it is about to send a statement with this text for the first time, another
  // replica does `other` and everything that is due then. If that has to wait for the call, the
  // call goes on.
  template <typename Call>
  static auto Meanwhile(const char* text, const std::function<void(mysql::Session&)>& other,
                        Call call) {
    std::atomic<bool> begun = false;
    std::thread replica;
    absl::Notification done;
    service_->SetFault([&](absl::string_view sql, bool after) -> absl::Status {
      if (after || !absl::StrContains(sql, text) || begun.exchange(true)) return absl::OkStatus();
      replica = std::thread([&] {
        const mysql::ThreadInit thread_init;
        mysql::Options options = testing::MariaDb::Get().OptionsFor("ticket_app");
        options.clock = &service_->clock();
        mysql::Session session(options);
        other(session);
        RunDue(session);
        done.Notify();
      });
      done.WaitForNotificationWithTimeout(absl::Milliseconds(300));
      return absl::OkStatus();
    });
    auto result = call();
    service_->SetFault(nullptr);
    EXPECT_TRUE(begun);
    if (replica.joinable()) replica.join();
    return result;
  }

  template <typename Response>
  static Response Get(absl::StatusOr<Response> result) {
    EXPECT_THAT(result, testing::IsOk());
    return result.ok() ? *std::move(result) : Response();
  }

  static inline std::unique_ptr<testing::TestService> service_;
  static inline std::unique_ptr<Stub> stub_;
  static inline std::unique_ptr<mysql::Session> session_;  // of the test's own thread
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TESTS_SUPPORT_TICKET_TICKET_FIXTURE_H_

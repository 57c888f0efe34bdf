// One citizen's request, from a phone to a closed and rated ticket, on the real divisions of
// Chongqing, on 2015-07-30.
#include "tests/demo/story.h"

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "qungong/ticket/v1/statistics_service.pb.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/crypto.h"

namespace qungong::demo {

void Story::At(const std::string& time) {
  now_ = time;
  SetClock(stage_, time);
}

bool Story::SignInAll() {
  for (const Role& role : Cast()) {
    Api api(stage_.host, stage_.port);
    if (!ExpectOk(api.SignIn(role.login, DemoPassword(stage_)),
                  absl::StrCat(role.login, " signs in")))
      return false;
    actors_.emplace(role.login, std::move(api));
    signed_in_[role.login] = now_;
  }
  units_ = FindUnits(citizen_);
  for (const auto& [place, unit] : FindUnits(As("district-staff"))) units_[place] = unit;
  community_code_ = CommunityCode(citizen_);
  return Expect(!community_code_.empty(),
                absl::StrCat("the first community of 观音桥街道 is ", community_code_));
}

template <typename Request>
bool Story::Act(const std::string& login, const std::string& verb, Request request,
                const std::string& what) {
  request.set_request_id(NewRequestId());
  request.set_etag(ticket_.etag());
  const std::string target = absl::StrCat("/v1/", ticket_.name(), ":", verb);
  request.clear_name();
  pb::Ticket after;
  const Reply reply = As(login).Post(target, request, &after);
  if (!ExpectOk(reply, what)) return false;
  ticket_ = after;
  // The same request again: the same reply, nothing twice.
  const Reply again = As(login).Post(target, request, &after);
  return Expect(again.body == reply.body,
                absl::StrCat("… and again with the same request_id: the same reply"));
}

bool Story::Report() {
  Tell("2015-07-30 09:00  A citizen reports a broken street lamp in 观音桥街道, from a phone.");
  At("2015-07-30T01:00:00Z");
  absl::BitGen random;
  for (int i = 0; i < 16; ++i)
    code_ += "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[absl::Uniform(random, 0, 32)];
  pb::SubmitTicketRequest request;
  request.set_request_id(NewRequestId());
  request.set_tracking_hash(Sha256(absl::StrCat("qungong tracking code v1\n", code_)));
  request.set_channel(pb::Ticket::MOBILE_APP);
  request.set_division_code(community_code_);
  request.set_ticket_class("ticketClasses/0101");
  request.set_title("小区门口路灯坏了");
  request.set_content("建新东路小区门口的路灯坏了三天,晚上很黑,老人出门不安全,请尽快修复。");
  request.set_place_detail("建新东路 12 号门口");
  request.mutable_reporter()->set_display_name("张三");
  request.mutable_reporter()->set_phone("13812345678");
  const Reply reply = citizen_.Post("/v1/tickets", request, &ticket_);
  if (!ExpectOk(reply, "the report is taken in without an account")) return false;
  Show(absl::StrCat("number        ", ticket_.number()));
  Show(absl::StrCat("tracking code ", code_,
                    "   (made on the phone; the server has only its hash)"));
  Show(absl::StrFormat("answer by     %d-%02d-%02d", ticket_.expected_date().year(),
                       ticket_.expected_date().month(), ticket_.expected_date().day()));
  Expect(absl::StartsWith(ticket_.number(), "QG20150730-500105-"),
         "the number names day and district");
  Expect(ticket_.expected_date().year() == 2015 && !ticket_.expected_date_provisional(),
         "the expected date rests on the published calendar of 2015");
  Expect(!absl::StrContains(reply.body, "13812345678") && !absl::StrContains(reply.body, "张三"),
         "the reply shows neither name nor phone in clear");
  const Reply again = citizen_.Post("/v1/tickets", request);
  Expect(again.body == reply.body,
         "sent again after a lost reply: the same ticket, not a second one");
  request.set_title("另一件事");
  Expect(citizen_.Post("/v1/tickets", request).reason == "REQUEST_ID_REUSED",
         "the same request_id with another text is refused");
  return !failed_;
}

bool Story::Accept() {
  Tell(
      "09:20  The clerk of the community's service center accepts it (受理) and dispatches it to "
      "the subdistrict (交办).");
  At("2015-07-30T01:20:00Z");
  pb::ListTicketsResponse inbox;
  As("community-clerk").Get("/v1/tickets?states=REGISTERED&pageSize=500", &inbox);
  bool seen = false;
  for (const pb::Ticket& t : inbox.tickets()) seen |= t.name() == ticket_.name();
  Expect(seen, "it lies in the clerk's list");
  if (!Act("community-clerk", "accept", pb::AcceptTicketRequest(), "accepted")) return false;
  Expect(ticket_.reporter().phone() == "138****5678", "the clerk sees the phone masked");
  pb::DispatchTicketRequest dispatch;
  dispatch.set_lead_unit(units_[kSubdistrict]);
  dispatch.set_instruction("请街道处理。");
  if (!Act("community-clerk", "dispatch", dispatch, "dispatched; the clock runs")) return false;
  pb::DeadlineExplanation why;
  As("subdistrict-staff").Get(absl::StrCat("/v1/", ticket_.name(), ":explainDeadline"), &why);
  Expect(why.steps_size() > 0, "the deadline explains itself:");
  for (const std::string& step : why.steps()) Show("  " + step);
  return !failed_;
}

bool Story::UpAndDown() {
  Tell(
      "10:00  The subdistrict escalates it (上报): it needs the lighting department, which asks in "
      "writing to return it.");
  At("2015-07-30T02:00:00Z");
  if (!Act("subdistrict-staff", "acknowledge", pb::AcknowledgeTicketRequest(),
           "the subdistrict acknowledges (签收)")) {
    return false;
  }
  pb::EscalateTicketRequest escalate;
  escalate.set_reason("路灯由区市政园林部门维护,街道无权处理。");
  if (!Act("subdistrict-staff", "escalate", escalate,
           "escalated; the subdistrict goes on as co-handler"))
    return false;
  Expect(ticket_.lead_unit() == units_[kDistrict], "the district leads");
  pb::DispatchTicketRequest dispatch;
  dispatch.set_lead_unit(units_["lighting"]);
  if (!Act("district-staff", "dispatch", dispatch,
           "the district gives it to its lighting department"))
    return false;
  At("2015-07-30T06:30:00Z");
  if (!Act("lighting-handler", "acknowledge", pb::AcknowledgeTicketRequest(),
           "the department acknowledges"))
    return false;
  pb::RequestReturnRequest ask;
  ask.set_basis("该路段路灯未办理移交手续,应由建设单位维护。");
  const auto due = ticket_.deadline().due_time().seconds();
  if (!Act("lighting-handler", "requestReturn", ask, "it asks in writing to return it (退回申请)"))
    return false;
  Expect(ticket_.lead_unit() == units_["lighting"],
         "until the ruling it stays responsible (首接负责)");
  Expect(ticket_.deadline().due_time().seconds() == due, "and its clock does not stop");
  At("2015-07-31T01:30:00Z");
  pb::AdjudicateReturnRequest rule;
  rule.set_ruling(pb::ReturnRequest::FORCED);
  rule.set_reason("该路段已于 2014 年移交,由市政园林管理局办理。");
  return Act("district-staff", "adjudicateReturn", rule,
             "the district rules: the department handles it (裁决)");
}

bool Story::FirstAnswer() {
  Tell(
      "2015-08-03  The department repairs the lamp and hands in its result; the district reviews "
      "and answers.");
  At("2015-08-03T02:00:00Z");
  pb::SubmitForReviewRequest submit;
  submit.set_result("已更换灯泡。");
  submit.set_reply("您反映的路灯已于 8 月 3 日修复。");
  submit.mutable_contact_time()->set_seconds(
      absl::ToUnixSeconds(absl::FromCivil(absl::CivilHour(2015, 8, 3, 1), absl::UTCTimeZone())));
  if (!Act("lighting-handler", "submitForReview", submit, "handed in for review (提交审核)"))
    return false;
  pb::ReviewTicketRequest review;
  review.set_request_id(NewRequestId());
  review.set_decision(pb::Review::APPROVE);
  const Reply self =
      As("lighting-handler").Post(absl::StrCat("/v1/", ticket_.name(), ":review"), review);
  Expect(self.http_status == 403, "the handler cannot review its own work: " + self.Outcome());
  if (!Act("district-staff", "review", review, "approved and answered (答复)")) return false;
  pb::TicketProgress progress;
  if (!Track(progress)) return false;
  Expect(progress.answers_size() == 1,
         "the citizen reads the answer: " + progress.answers(0).reply());
  for (const auto& step : progress.steps()) {
    Show(absl::StrCat("  ",
                      absl::FormatTime("%m-%d %H:%M", absl::FromUnixSeconds(step.time().seconds()),
                                       absl::FixedTimeZone(28800)),
                      "  ", pb::TicketChange::Kind_Name(step.kind()), "  ",
                      step.unit_display_name()));
  }
  return !failed_;
}

bool Story::Track(pb::TicketProgress& progress) {
  pb::TrackTicketRequest track;
  track.set_number(ticket_.number());
  track.set_tracking_code(code_);
  return ExpectOk(citizen_.Post("/v1/tickets:track", track, &progress),
                  "the citizen looks with number and tracking code");
}

bool Story::NotSolved() {
  Tell("2015-08-04  The callback (回访): the citizen says \"not solved\"; it reopens (重办).");
  At("2015-08-04T02:00:00Z");
  pb::RecordCallbackRequest call;
  call.set_responded(pb::Callback::YES);
  call.set_resolved(pb::Callback::NO);
  call.set_satisfaction(pb::DISSATISFIED);
  call.set_note("灯又灭了。");
  if (!Act("district-callback", "recordCallback", call, "responded yes, solved no, dissatisfied"))
    return false;
  pb::ReopenTicketRequest reopen;
  reopen.set_reason("灯仍不亮,诉求合理。");
  if (!Act("district-callback", "reopen", reopen, "reopened")) return false;
  return Expect(ticket_.cycle() == 2 && ticket_.state() == pb::Ticket::IN_PROGRESS,
                "cycle 2, a new clock");
}

bool Story::WithoutOrgService() {
  Tell("2015-08-05  org-service is stopped; tickets still move.");
  At("2015-08-05T02:00:00Z");
  As("lighting-handler");  // is signed in: for the life of a token nobody needs org-service
  if (!Expect(Script("stop org") == 0, "org-service is stopped")) return false;
  if (!Act("lighting-handler", "acknowledge", pb::AcknowledgeTicketRequest(),
           "the department acknowledges again")) {
    return false;
  }
  pb::SubmitForReviewRequest submit;
  submit.set_result("已更换线路和灯具,夜间复核正常。");
  submit.set_reply("经查为线路故障,已更换线路和灯具,8 月 5 日晚复核正常。");
  submit.mutable_contact_time()->set_seconds(
      absl::ToUnixSeconds(absl::FromCivil(absl::CivilHour(2015, 8, 5, 1), absl::UTCTimeZone())));
  const bool moved = Act("lighting-handler", "submitForReview", submit,
                         "the department hands in its second result");
  return Expect(Script("start org") == 0, "org-service is started again") && moved;
}

bool Story::KilledInTheMiddle() {
  Tell("2015-08-06  ticket-service is killed with -9 while the district approves.");
  At("2015-08-06T02:00:00Z");
  pb::ReviewTicketRequest review;
  review.set_decision(pb::Review::APPROVE);
  review.set_request_id(NewRequestId());
  review.set_etag(ticket_.etag());
  const std::string target = absl::StrCat("/v1/", ticket_.name(), ":review");
  Reply first;
  Api& district = As("district-staff");
  std::thread caller([&] { first = district.Post(target, review); });
  std::thread killer([&] { Script("kill ticket"); });
  caller.join();
  killer.join();
  Show("the call in flight ended with " + first.Outcome());
  if (!Expect(Script("start ticket") == 0, "ticket-service is started again")) return false;
  pb::Ticket after;
  Reply again = district.Post(target, review, &after);
  for (int i = 0; i < 50 && again.http_status == 503; ++i) {  // as a client does: again, and again
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    again = district.Post(target, review, &after);
  }
  if (!ExpectOk(again, "the same request again succeeds")) return false;
  ticket_ = after;
  pb::ListTicketEventsResponse events;
  As("district-staff").Get(absl::StrCat("/v1/", ticket_.name(), "/events?pageSize=500"), &events);
  int answered = 0;
  int64_t version = 0;
  bool gapless = true;
  for (const pb::TicketEvent& event : events.events()) {
    answered += event.change().kind() == pb::TicketChange::ANSWERED ? 1 : 0;
    gapless &= event.version() == ++version;
  }
  Expect(answered == 2, absl::StrCat("answered once in each cycle: ", answered));
  return Expect(gapless, absl::StrCat("nothing is lost, nothing twice: versions 1 to ", version));
}

bool Story::Satisfied() {
  Tell("2015-08-07  The second callback: solved, satisfied; it closes (办结).");
  At("2015-08-07T02:00:00Z");
  pb::RecordCallbackRequest call;
  call.set_responded(pb::Callback::YES);
  call.set_resolved(pb::Callback::YES);
  call.set_satisfaction(pb::SATISFIED);
  if (!Act("district-callback", "recordCallback", call, "responded, solved, satisfied"))
    return false;
  if (!Act("district-callback", "close", pb::CloseTicketRequest(), "closed")) return false;
  pb::TicketProgress progress;
  return Track(progress) &&
         Expect(progress.state() == pb::Ticket::CLOSED, "the citizen sees it closed");
}

int Story::Play() {
  At("2015-07-30T00:30:00Z");
  std::printf("The suite's clock stands at 2015-07-30; it runs again when the story ends.\n");
  if (!SignInAll()) return 1;
  before_[units_[kSubdistrict]] = Count("subdistrict-staff", units_[kSubdistrict]);
  before_[units_[kDistrict]] = Count("district-staff", units_[kDistrict]);
  before_[units_[kNeighbour]] = Count("neighbour-clerk", units_[kNeighbour]);
  pb::ListTicketsResponse list;
  As("neighbour-clerk").Get("/v1/tickets?withTotalSize=true&pageSize=1", &list);
  neighbour_total_ = list.total_size();
  const bool done = Report() && Accept() && UpAndDown() && FirstAnswer() && NotSolved() &&
                    WithoutOrgService() && KilledInTheMiddle() && Satisfied() && Dashboards() &&
                    Neighbour();
  if (!done || failed_) {
    std::printf("\nThe story did not go as it should: see ✗ above, and ./qungong logs.\n");
    return 1;
  }
  std::printf("\nThe story is told: %s, two cycles, closed and rated.\n", ticket_.number().c_str());
  return 0;
}

int Play(const Stage& stage) {
  const int result = Story(stage).Play();
  SetClock(stage, "");
  return result;
}

}  // namespace qungong::demo

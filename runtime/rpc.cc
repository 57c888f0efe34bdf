#include "runtime/rpc.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "runtime/civil.h"
#include "runtime/feed.h"
#include "runtime/log.h"
#include "runtime/status.h"
#include "runtime/trace.h"
#include "runtime/validate.h"

namespace qungong {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;

constexpr absl::Duration kDefaultDeadline = absl::Seconds(10);
constexpr absl::Duration kLongestUnary = absl::Seconds(60);
constexpr absl::Duration kKeyLife = absl::Hours(24 * 7);

constexpr char kInsertKey[] = R"sql(
INSERT INTO idempotency_keys (principal, method, request_id, body_hash, event_id, expires_at)
VALUES (?, ?, ?, ?, ?, ?))sql";
constexpr char kSelectKey[] = R"sql(
SELECT body_hash, event_id FROM idempotency_keys WHERE principal = ? AND method = ? AND request_id = ?)sql";

std::string Metadata(const Context& context, const char* key) {
  const auto it = context.client_metadata().find(key);
  return it == context.client_metadata().end() ? ""
                                               : std::string(it->second.data(), it->second.size());
}

// The same message always gives the same bytes, whatever order maps were filled in.
std::string Canonical(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

absl::StatusOr<Uuid> RequestId(const google::protobuf::Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr) return absl::InternalError("a mutation's request has no request_id");
  auto id = Uuid::Parse(request.GetReflection()->GetString(request, field));
  if (!id.ok()) return InvalidField("request_id", "must be a UUID");
  return id;
}

// Marks that the key was there already: the transaction is rolled back and the reply replayed.
absl::Status SeenBefore() {
  return WithReason(absl::AlreadyExistsError("seen before"), "SEEN_BEFORE");
}

absl::StatusOr<std::optional<mysql::Row>> FindKey(mysql::Tx& tx, const RunningCall& running,
                                                  const Uuid& request_id) {
  return tx.QueryOne(kSelectKey, running.call.principal, running.log_name, request_id);
}

// Whether the caller may use the method. An earlier attempt may itself have taken the role away:
// then SEEN_BEFORE, with the request_id.
absl::Status CheckRole(Mutation& mutation, const RunningCall& running,
                       const google::protobuf::Message& request, Uuid& request_id) {
  absl::Status role = mutation.CheckMethodRole();
  const absl::StatusOr<Uuid> id = RequestId(request);
  if (!absl::IsPermissionDenied(role) || !id.ok()) return role;
  request_id = *id;
  ASSIGN_OR_RETURN(const auto key, FindKey(mutation.tx(), running, request_id));
  return key.has_value() ? SeenBefore() : role;
}

std::unique_ptr<google::protobuf::Message> CopyOf(const google::protobuf::Message& message) {
  std::unique_ptr<google::protobuf::Message> copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

}  // namespace

absl::Status Overloaded() {
  return WithChinese(
      WithRetryAfter(WithReason(absl::UnavailableError("too many calls are waiting"), "OVERLOADED"),
                     absl::Milliseconds(200)),
      "系统繁忙,请稍后再试。");
}

absl::Status Draining() {
  return WithChinese(
      WithRetryAfter(WithReason(absl::UnavailableError("this replica is stopping"), "DRAINING"),
                     absl::Milliseconds(200)),
      "服务正在重启,请稍后再试。");
}

Rpc::Rpc(Chassis& chassis, absl::string_view service) : chassis_(chassis) {
  const auto* descriptor =
      DescriptorPool::generated_pool()->FindServiceByName(std::string(service));
  if (descriptor == nullptr) {
    log::Line(log::Severity::kError, "unknown service").Set("service_name", service);
    std::exit(1);
  }
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const MethodDescriptor* method = descriptor->method(i);
    if (!method->options().HasExtension(rpc::v1::access)) {
      log::Line(log::Severity::kError, "a method has no access rule")
          .Set("method", method->full_name());
      std::exit(1);
    }
    methods_[method->name()] = method;
  }
  // qungong.ticket.v1.TicketService -> ticket.qungong
  absl::string_view package = absl::StripSuffix(descriptor->file()->package(), ".v1");
  domain_ = absl::StrCat(absl::StripPrefix(package, "qungong."), ".qungong");
}

absl::StatusOr<std::shared_ptr<RunningCall>> Rpc::Begin(const char* method, Context* context) {
  const MethodDescriptor* descriptor = methods_.find(absl::string_view(method))->second;
  const rpc::v1::AccessRule& access = descriptor->options().GetExtension(rpc::v1::access);
  auto running = std::make_shared<RunningCall>();
  running->context = context;
  running->arrived = absl::Now();
  running->log_name = absl::StrCat(descriptor->service()->name(), "/", descriptor->name());
  running->unlinkable = access.unlinkable();

  Call& call = running->call;
  call.method = descriptor;
  call.now = chassis_.clock.Now();
  call.today = DayNumber(call.now);
  call.correlation_id = CorrelationIdOrNew(Metadata(*context, "x-request-id"));
  call.traceparent = ChildTrace(Metadata(*context, "traceparent"));
  call.authorization = Metadata(*context, "authorization");
  call.after = Metadata(*context, "x-qungong-after");
  const absl::Time asked = absl::FromChrono(context->deadline());
  if (descriptor->server_streaming() || descriptor->client_streaming()) {
    call.deadline = asked;
  } else {
    const bool given = asked < running->arrived + absl::Hours(24 * 365);
    call.deadline = running->arrived +
                    (given ? std::min(asked - running->arrived, kLongestUnary) : kDefaultDeadline);
  }

  absl::Status refused;
  if (!call.authorization.empty()) {
    absl::string_view token = call.authorization;
    if (!absl::ConsumePrefix(&token, "Bearer ")) {
      refused = WithReason(absl::UnauthenticatedError("authorization must be a Bearer token"),
                           "TOKEN_INVALID");
    } else if (auto claims = chassis_.tokens.Verify(token, call.now); claims.ok()) {
      call.principal = claims->subject;
    } else {
      refused = claims.status();
    }
  } else if (!access.anonymous()) {
    refused =
        WithReason(absl::UnauthenticatedError("the call carries no access token"), "TOKEN_MISSING");
  }
  if (refused.ok() && call.deadline <= running->arrived)
    refused = absl::DeadlineExceededError("no time is left");
  if (refused.ok()) return running;
  if (absl::IsUnauthenticated(refused))
    refused = WithChinese(std::move(refused), "请先登录,或重新登录。");
  End(*running, refused);
  return refused;
}

absl::Status Rpc::Dequeue(RunningCall& running) {
  running.queued = absl::Now() - running.arrived;
  if (running.context->IsCancelled())
    return absl::CancelledError("the caller went away before the call began");
  if (absl::Now() >= running.call.deadline)
    return absl::DeadlineExceededError("the call waited too long");
  return absl::OkStatus();
}

Reactor* Rpc::StartUnary(const char* method, Context* context, Run run) {
  Reactor* reactor = context->DefaultReactor();
  absl::StatusOr<std::shared_ptr<RunningCall>> begun = Begin(method, context);
  if (!begun.ok()) {
    reactor->Finish(ToGrpcStatus(begun.status(), domain_, ""));
    return reactor;
  }
  std::shared_ptr<RunningCall> running = *std::move(begun);
  const bool taken = chassis_.workers.TrySubmit(
      [this, reactor, running, run = std::move(run)](mysql::Session& session) mutable {
        absl::Status status = Dequeue(*running);
        if (status.ok()) {
          const int64_t before = session.statements();
          status = run(session, *running);
          chassis_.metrics.CountStatements(running->log_name, session.statements() - before);
        }
        const grpc::Status ended = End(*running, status);
        run = nullptr;
        reactor->Finish(ended);  // nothing may touch context, request or response after this
      },
      running->call.deadline);
  if (!taken) reactor->Finish(End(*running, Overloaded()));
  return reactor;
}

absl::Status Rpc::RunRead(mysql::Session& session, RunningCall& running, const Message& request,
                          const ReadBody& body) {
  RETURN_IF_ERROR(WaitForPosition(session, running));
  return session.Transact({.deadline = running.call.deadline, .read_only = true},
                          [&](mysql::Tx& tx) -> absl::Status {
                            class Read read(running.call, tx, chassis_.keys, chassis_.pages);
                            RETURN_IF_ERROR(read.CheckMethodRole());
                            const auto checked = CopyOf(request);
                            RETURN_IF_ERROR(ValidateAndClear(*checked));
                            return body(read, *checked);
                          });
}

absl::Status Rpc::RunDirect(mysql::Session& session, RunningCall& running, const Message& request,
                            const DirectBody& body) {
  RETURN_IF_ERROR(WaitForPosition(session, running));
  if (!running.call.method->options().GetExtension(rpc::v1::access).roles().empty()) {
    return absl::InternalError("a method with roles cannot run outside a transaction");
  }
  const auto checked = CopyOf(request);
  RETURN_IF_ERROR(ValidateAndClear(*checked));
  absl::Status status = body(*checked);
  chassis_.loops.Wake("sequencer");
  return status;
}

absl::Status Rpc::RunMutation(mysql::Session& session, RunningCall& running, const Message& request,
                              absl::string_view content_hash, Message& response,
                              const MutateBody& body) {
  RETURN_IF_ERROR(WaitForPosition(session, running));
  const Call& call = running.call;
  IdSource ids(call.now);
  // Keyed: a body may hold a password, and a plain hash of it could be guessed by whoever reads the
  // table.
  const std::string body_hash =
      chassis_.keys.BlindIndex("request", absl::StrCat(Canonical(request), content_hash));
  Uuid request_id;
  const auto attempt = [&](mysql::Tx& tx) -> absl::Status {
    ids.Rewind();
    response.Clear();
    const Uuid event_id = ids.Next();
    Mutation mutation(call, tx, chassis_.keys, chassis_.pages, ids);
    RETURN_IF_ERROR(CheckRole(mutation, running, request, request_id));
    const auto checked = CopyOf(request);
    RETURN_IF_ERROR(ValidateAndClear(*checked));
    ASSIGN_OR_RETURN(request_id, RequestId(*checked));
    const absl::Status inserted = tx.Execute(kInsertKey, call.principal, running.log_name,
                                             request_id, body_hash, event_id, call.now + kKeyLife)
                                      .status();
    if (absl::IsAlreadyExists(inserted)) return SeenBefore();
    RETURN_IF_ERROR(inserted);
    RETURN_IF_ERROR(body(mutation, *checked));
    if (mutation.events().empty()) return absl::InternalError("a mutation emitted no event");
    mutation.events().front().image = Canonical(response);
    RETURN_IF_ERROR(AppendEvents(tx, chassis_.keys, event_id, ids, call.now, call.principal,
                                 mutation.events()));
    return mutation.Explained(tx.Flush());
  };
  absl::Status status;
  for (int round = 0; round < 3; ++round) {
    status = session.Transact({.deadline = call.deadline, .repeatable = true}, attempt);
    if (ReasonOf(status) != "SEEN_BEFORE") break;
    bool found = false;
    status = Replay(session, running, request_id, body_hash, response, &found);
    if (found || !status.ok()) break;  // otherwise the key expired in between: once more
  }
  if (!status.ok()) return status;
  if (Metadata(*running.context, "x-qungong-position").empty()) {
    chassis_.loops.Wake("sequencer");
  } else {
    TellPosition(session, running);
  }
  return status;
}

void Rpc::TellPosition(mysql::Session& session, RunningCall& running) {
  absl::StatusOr<FeedHead> head = absl::InternalError("not read");
  absl::Status status = SequenceEvents(session).status();
  if (status.ok()) {
    status = session.Transact({.read_only = true}, [&](mysql::Tx& tx) {
      head = LoadFeedHead(tx);
      return head.status();
    });
  }
  // The write stands whatever becomes of its position.
  if (!status.ok()) return log::Warning("a position could not be told");
  running.context->AddTrailingMetadata("x-qungong-after",
                                       PositionToken(domain_.substr(0, domain_.find('.')), *head));
}

absl::Status Rpc::Replay(mysql::Session& session, const RunningCall& running,
                         const Uuid& request_id, absl::string_view body_hash, Message& response,
                         bool* found) {
  return session.Transact(
      {.deadline = running.call.deadline, .read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
        *found = false;
        ASSIGN_OR_RETURN(const auto key, FindKey(tx, running, request_id));
        if (!key.has_value()) return absl::OkStatus();
        *found = true;
        if (key->String(0) != body_hash) {
          return WithReason(
              absl::InvalidArgumentError("this request_id was used for another request"),
              "REQUEST_ID_REUSED");
        }
        ASSIGN_OR_RETURN(const StoredEvent event, LoadEvent(tx, chassis_.keys, key->Id(1)));
        if (!response.ParseFromString(event.image))
          return absl::InternalError("a remembered reply cannot be read");
        return absl::OkStatus();
      });
}

absl::Status Rpc::WaitForPosition(mysql::Session& session, RunningCall& running) {
  const Call& call = running.call;
  if (call.after.empty() || running.heard_all) return absl::OkStatus();
  const absl::Time last = std::min(call.deadline, absl::Now() + absl::Seconds(2));
  while (true) {
    bool reached = false;
    RETURN_IF_ERROR(
        session.Transact({.deadline = call.deadline, .read_only = true}, [&](mysql::Tx& tx) {
          absl::StatusOr<bool> r = HasReached(tx, call.after);
          if (r.ok()) reached = *r;
          return r.status();
        }));
    running.heard_all = reached;
    if (reached) return absl::OkStatus();
    if (absl::Now() >= last) {
      return WithRetryAfter(
          WithReason(absl::UnavailableError("this service has not yet heard of that change"),
                     "DIRECTORY_BEHIND"),
          absl::Seconds(1));
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
}

grpc::Status Rpc::End(RunningCall& running, const absl::Status& status) {
  const absl::Duration latency = absl::Now() - running.arrived;
  const std::string code(absl::StatusCodeToString(status.code()));
  const Call& call = running.call;
  {
    const bool broken =
        absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsDataLoss(status);
    log::Line line(broken ? log::Severity::kError : log::Severity::kInfo, "call");
    line.Set("method", running.log_name).Set("code", code);
    if (!status.ok()) line.Set("reason", ReasonOf(status));
    if (broken) line.Set("cause", status.message());
    line.Set("latency_us", absl::ToInt64Microseconds(latency));
    line.Set("queue_us", absl::ToInt64Microseconds(running.queued));
    if (running.unlinkable) {
      line.Coarse();
    } else {
      line.Set("correlation_id", call.correlation_id).Set("trace_id", TraceId(call.traceparent));
      line.Set("principal", call.principal);
    }
  }
  chassis_.metrics.CountCall(running.log_name, code, latency, running.queued);
  return ToGrpcStatus(status, domain_, call.correlation_id);
}

}  // namespace qungong

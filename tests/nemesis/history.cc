#include "tests/nemesis/history.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "runtime/status.h"

namespace qungong::nemesis {

Outcome OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return Outcome::kDone;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return Outcome::kRefused;
    default:
      return Outcome::kUnknown;
  }
}

History::History(const std::string& log) : log_(std::fopen(log.c_str(), "w")) {
  if (log_ != nullptr) setlinebuf(log_);
}

History::~History() {
  if (log_ != nullptr) std::fclose(log_);
}

void History::Log(const Write& write, absl::string_view what) {
  if (log_ == nullptr) return;
  std::fprintf(log_, "%s write %lld %s %s %s %s\n",
               absl::FormatTime("%H:%M:%E6S", absl::Now(), absl::UTCTimeZone()).c_str(),
               static_cast<long long>(write.id), write.method.c_str(), write.principal.c_str(),
               write.attempts.back().request_id.c_str(), std::string(what).c_str());
}

Write* History::Intend(Write write) {
  absl::MutexLock lock(&mutex_);
  write.id = static_cast<int64_t>(writes_.size()) + 1;
  return &writes_.emplace_back(std::move(write));
}

void History::Begin(Write* write, std::string request_id) {
  absl::MutexLock lock(&mutex_);
  write->attempts.emplace_back().request_id = std::move(request_id);
  Log(*write, absl::StrCat("sent ", FieldOf(*write->request, "name")));
}

void History::End(Write* write, const absl::Status& status, const google::protobuf::Message* reply,
                  bool quiet) {
  absl::MutexLock lock(&mutex_);
  Attempt& attempt = write->attempts.back();
  attempt.status = status;
  attempt.outcome = OutcomeOf(status);
  if (reply != nullptr) attempt.reply = Canonical(*reply);
  bool earlier_unknown = false;
  for (const Attempt& a : write->attempts) {
    if (&a != &attempt) earlier_unknown |= a.outcome == Outcome::kUnknown;
  }
  if (attempt.outcome == Outcome::kDone) {
    acknowledged_.push_back(absl::Now());
    if (write->outcome != Outcome::kDone) {
      write->reply = attempt.reply;
      write->name = FieldOf(*reply, "name");
      write->etag = FieldOf(*reply, "etag");
    }
    write->outcome = Outcome::kDone;
  } else if (write->outcome != Outcome::kDone) {
    write->outcome = attempt.outcome == Outcome::kRefused && (quiet || !earlier_unknown)
                         ? Outcome::kRefused
                         : Outcome::kUnknown;
  }
  Log(*write, status.ok() ? absl::StrCat("OK ", FieldOf(*write->request, "name"))
                          : absl::StrCat(absl::StatusCodeToString(status.code()), " ",
                                         ReasonOf(status), " ", status.message()));
}

void History::Report(absl::string_view check, absl::string_view text) {
  absl::MutexLock lock(&mutex_);
  findings_.push_back({std::string(check), std::string(text)});
}

std::vector<Finding> History::findings() const {
  absl::MutexLock lock(&mutex_);
  return findings_;
}

std::vector<absl::Time> History::acknowledged() const {
  absl::MutexLock lock(&mutex_);
  return acknowledged_;
}

std::string Canonical(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

std::string FieldOf(const google::protobuf::Message& message, const char* field) {
  const auto* descriptor = message.GetDescriptor()->FindFieldByName(field);
  if (descriptor == nullptr ||
      descriptor->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING ||
      descriptor->is_repeated()) {
    return "";
  }
  return message.GetReflection()->GetString(message, descriptor);
}

}  // namespace qungong::nemesis

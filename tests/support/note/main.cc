// The note service as a process of its own, whose calls can be told to work, to hang or never to
// end; with flags for the naive ways that the tests show to fail.
#include <limits>
#include <memory>

#include "absl/flags/flag.h"
#include "absl/synchronization/notification.h"
#include "tests/support/note/note_process.h"
#include "tests/support/note/note_service.h"

ABSL_FLAG(bool, naive_queue, false,
          "reads are queued whatever their deadline, and worked on although it is over");
ABSL_FLAG(bool, naive_threads, false, "reads block the thread of gRPC on which they arrive");

namespace qungong::testing {
namespace {

namespace pb = note::v1;

// A stream whose reactor is forgotten.
class Forgotten final : public grpc::ServerWriteReactor<pb::Note> {
 public:
  Forgotten() { StartSendInitialMetadata(); }
  void OnDone() override {}
};

class WorkingHandlers : public NoteHandlers {
 public:
  explicit WorkingHandlers(Metrics& metrics) : metrics_(metrics) {}

  absl::StatusOr<pb::Note> WriteNote(Mutation& m, const pb::WriteNoteRequest& request) {
    if (request.text() == kHanging) Hang();
    if (request.text() == kSlow) RETURN_IF_ERROR(m.tx().Query("SELECT SLEEP(0.02)").status());
    return NoteHandlers::WriteNote(m, request);
  }
  // Works for `times` milliseconds, in the database.
  absl::StatusOr<pb::Note> ReadNote(Read& read, const pb::ReadNoteRequest& request) {
    return Work(read.tx(), read.call().deadline, request);
  }
  absl::StatusOr<pb::Note> Work(mysql::Tx& tx, absl::Time deadline,
                                const pb::ReadNoteRequest& request) {
    metrics_.Add("note_reads");
    if (absl::Now() >= deadline) metrics_.Add("note_reads_too_late");
    if (request.times() == kForever) Hang();
    RETURN_IF_ERROR(tx.Query("SELECT SLEEP(? / 1000)", request.times()).status());
    return pb::Note();
  }

 private:
  void Hang() {
    metrics_.Add("note_hangs");
    absl::Notification().WaitForNotification();
  }

  Metrics& metrics_;
};

class WorkingNotes final : public pb::NoteService::CallbackService {
 public:
  explicit WorkingNotes(Chassis& chassis)
      : chassis_(chassis),
        rpc_(chassis, "qungong.note.v1.NoteService"),
        handlers_(chassis.metrics) {}

  Reactor* WriteNote(Context* c, const pb::WriteNoteRequest* q, pb::Note* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &WorkingHandlers::WriteNote);
  }
  Reactor* ReadNote(Context* c, const pb::ReadNoteRequest* q, pb::Note* r) override {
    if (absl::GetFlag(FLAGS_naive_queue)) return ReadWhenever(c, *q);
    if (absl::GetFlag(FLAGS_naive_threads)) return ReadHere(c, *q);
    return rpc_.Read(__func__, c, q, r, handlers_, &WorkingHandlers::ReadNote);
  }
  grpc::ServerWriteReactor<pb::Note>* RepeatNote(Context* c,
                                                 const pb::ReadNoteRequest* q) override {
    if (q->times() == kForgotten) return new Forgotten;
    return rpc_.Stream(__func__, c, q, static_cast<NoteHandlers&>(handlers_),
                       &NoteHandlers::RepeatNote);
  }

 private:
  Reactor* ReadWhenever(Context* context, pb::ReadNoteRequest request) {
    Reactor* reactor = context->DefaultReactor();
    chassis_.workers.TrySubmit([=, this](mysql::Session& session) {
      const absl::Status status = session.Transact({.read_only = true}, [&](mysql::Tx& tx) {
        return handlers_.Work(tx, absl::FromChrono(context->deadline()), request).status();
      });
      reactor->Finish(ToGrpcStatus(status, "note.qungong", ""));
    });
    return reactor;
  }
  Reactor* ReadHere(Context* context, const pb::ReadNoteRequest& request) {
    chassis_.metrics.Add("note_reads");
    absl::SleepFor(absl::Milliseconds(request.times()));
    Reactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  Chassis& chassis_;
  Rpc rpc_;
  WorkingHandlers handlers_;
};

absl::StatusOr<Wiring> WireWorkingNotes(Chassis& chassis) {
  Wiring wiring;
  wiring.services.push_back(std::make_unique<WorkingNotes>(chassis));
  return wiring;
}

}  // namespace
}  // namespace qungong::testing

int main(int argc, char** argv) {
  const qungong::ServiceSpec spec{.name = "note-service",
                                  .migrations = qungong::testing::NoteMigrations(),
                                  .wire = qungong::testing::WireWorkingNotes,
                                  .command = nullptr};
  return qungong::ServiceMain(argc, argv, spec);
}

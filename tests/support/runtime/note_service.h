// The smallest service that changes something: notes, each of which counts how often it was
// written.
#ifndef QUNGONG_TESTS_SUPPORT_RUNTIME_NOTE_SERVICE_H_
#define QUNGONG_TESTS_SUPPORT_RUNTIME_NOTE_SERVICE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "qungong/note/v1/note_service.grpc.pb.h"
#include "runtime/rpc.h"
#include "runtime/server.h"
#include "runtime/status.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {

namespace note = ::qungong::note::v1;

inline constexpr char kNotes[] = R"sql(
CREATE TABLE IF NOT EXISTS notes (
  id BINARY(16) NOT NULL, version INT NOT NULL, PRIMARY KEY (id)) ENGINE = InnoDB)sql";

inline absl::Status CountNote(mysql::Tx& tx, const Uuid& id) {
  return tx
      .Execute("INSERT INTO notes VALUES (?, 1) ON DUPLICATE KEY UPDATE version = version + 1", id)
      .status();
}

class NoteHandlers {
 public:
  // `aside`: writes in a transaction of its own. Null: in that of the key.
  explicit NoteHandlers(const mysql::Options* aside) : aside_(aside) {}

  absl::StatusOr<note::Note> WriteNote(Mutation& m, const note::WriteNoteRequest& request) {
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("notes", request.name()));
    if (aside_ != nullptr) {
      mysql::Session session(*aside_);
      RETURN_IF_ERROR(
          session.Transact({}, [&](mysql::Tx& tx) { return CountNote(tx, m.NewId()); }));
    } else {
      RETURN_IF_ERROR(CountNote(m.tx(), id));
    }
    note::Note written;
    written.set_name(request.name());
    Event event;
    event.aggregate = written.name();
    event.version = 1;
    event.kind = "Note.WRITTEN";
    m.Emit(std::move(event));
    return written;
  }

 private:
  const mysql::Options* const aside_;
};

class NoteServiceImpl final : public note::NoteService::CallbackService {
 public:
  NoteServiceImpl(Chassis& chassis, const mysql::Options* aside)
      : rpc_(chassis, "qungong.note.v1.NoteService"), handlers_(aside) {}
  Reactor* WriteNote(Context* c, const note::WriteNoteRequest* q, note::Note* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &NoteHandlers::WriteNote);
  }

 private:
  Rpc rpc_;
  NoteHandlers handlers_;
};

inline TestService::Wire Notes(bool aside) {
  return [aside](Chassis& chassis) -> absl::StatusOr<Wiring> {
    Wiring wiring;
    wiring.services.push_back(
        std::make_unique<NoteServiceImpl>(chassis, aside ? &chassis.database : nullptr));
    return wiring;
  };
}

// To write a note that there was not, under a request_id of its own.
inline note::WriteNoteRequest NewNote() {
  note::WriteNoteRequest request;
  request.set_name(ResourceName("notes", NewUuidV7(absl::Now())));
  request.set_text("路灯");
  request.set_request_id(NewUuidV7(absl::Now()).ToString());
  return request;
}

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_RUNTIME_NOTE_SERVICE_H_

// A service of the smallest kind: what the tests of the wrapper and of the chassis call, in their
// own process or in one that they stop and kill (note_process.h).
#ifndef QUNGONG_TESTS_SUPPORT_NOTE_NOTE_SERVICE_H_
#define QUNGONG_TESTS_SUPPORT_NOTE_NOTE_SERVICE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "qungong/note/v1/note_service.grpc.pb.h"
#include "runtime/rpc.h"
#include "runtime/server.h"
#include "runtime/status.h"

namespace qungong::testing {

inline constexpr char kCreateNotes[] = R"sql(
CREATE TABLE IF NOT EXISTS notes (
  id BINARY(16) NOT NULL, version INT UNSIGNED NOT NULL, text VARCHAR(1000) NOT NULL, PRIMARY KEY (id)
) ENGINE = InnoDB)sql";

// A stream that says one thing and then only waits.
inline constexpr int kForever = -1;

class NoteHandlers {
 public:
  // The witness of fault enumeration: a handler that writes outside its transaction.
  static inline const mysql::Options* careless = nullptr;

  absl::StatusOr<note::v1::Note> WriteNote(Mutation& m, const note::v1::WriteNoteRequest& request) {
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("notes", request.name()));
    if (careless != nullptr) {
      mysql::Session aside(*careless);
      RETURN_IF_ERROR(
          aside.ExecuteDirect("INSERT INTO notes VALUES (UNHEX(MD5(RAND())), 1, 'aside')"));
    }
    ASSIGN_OR_RETURN(const auto row,
                     m.tx().QueryOne("SELECT version FROM notes WHERE id = ? FOR UPDATE", id));
    note::v1::Note note;
    note.set_name(request.name());
    note.set_text(request.text());
    note.set_version(row.has_value() ? row->Int64(0) + 1 : 1);
    RETURN_IF_ERROR(
        m.tx()
            .Execute("INSERT INTO notes (id, version, text) VALUES (?, ?, ?)"
                     " ON DUPLICATE KEY UPDATE version = VALUES(version), text = VALUES(text)",
                     id, note.version(), note.text())
            .status());
    Event event;
    event.aggregate = note.name();
    event.version = note.version();
    event.kind = "Note.WRITTEN";
    m.Emit(std::move(event));
    return note;
  }
  absl::StatusOr<note::v1::Note> ReadNote(Read& read, const note::v1::ReadNoteRequest& request) {
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("notes", request.name()));
    ASSIGN_OR_RETURN(const auto row,
                     read.tx().QueryOne("SELECT version, text FROM notes WHERE id = ?", id));
    if (!row.has_value()) return DeniedOrAbsent(request.name());
    note::v1::Note note;
    note.set_name(request.name());
    note.set_version(row->Int64(0));
    note.set_text(row->String(1));
    return note;
  }
  absl::StatusOr<std::unique_ptr<Producer<note::v1::Note>>> RepeatNote(
      Read&, const note::v1::ReadNoteRequest& request) {
    class Repeater : public Producer<note::v1::Note> {
     public:
      explicit Repeater(int times) : left_(times) {}
      absl::StatusOr<StreamStep> Next(Read&, note::v1::Note& note) override {
        if (left_ == 0) return StreamStep::End();
        if (left_ == kForever && told_) return StreamStep::Wait(absl::Milliseconds(50));
        told_ = true;
        note.set_version(left_ == kForever ? 1 : left_--);
        return StreamStep::Send();
      }

     private:
      int left_;
      bool told_ = false;
    };
    return std::unique_ptr<Producer<note::v1::Note>>(std::make_unique<Repeater>(request.times()));
  }
  absl::StatusOr<note::v1::Note> UploadNote(Mutation& m, const note::v1::WriteNoteRequest& metadata,
                                            const std::string& content) {
    note::v1::WriteNoteRequest request = metadata;
    request.set_text(content);
    return WriteNote(m, request);
  }
};

class NoteServiceImpl final : public note::v1::NoteService::CallbackService {
 public:
  explicit NoteServiceImpl(Chassis& chassis) : rpc_(chassis, "qungong.note.v1.NoteService") {}
  Reactor* WriteNote(Context* c, const note::v1::WriteNoteRequest* q, note::v1::Note* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &NoteHandlers::WriteNote);
  }
  Reactor* ReadNote(Context* c, const note::v1::ReadNoteRequest* q, note::v1::Note* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &NoteHandlers::ReadNote);
  }
  grpc::ServerWriteReactor<note::v1::Note>* RepeatNote(
      Context* c, const note::v1::ReadNoteRequest* q) override {
    return rpc_.Stream(__func__, c, q, handlers_, &NoteHandlers::RepeatNote);
  }
  grpc::ServerReadReactor<note::v1::UploadNoteRequest>* UploadNote(Context* c,
                                                                   note::v1::Note* r) override {
    return rpc_.Upload<note::v1::UploadNoteRequest, note::v1::WriteNoteRequest>(
        __func__, c, r, 1000, handlers_, &NoteHandlers::UploadNote);
  }

 private:
  Rpc rpc_;
  NoteHandlers handlers_;
};

inline absl::Span<const Migration> NoteMigrations() {
  static const Migration kMigrations[] = {{"note/0001_notes", kCreateNotes}};
  return kMigrations;
}

inline absl::StatusOr<Wiring> WireNotes(Chassis& chassis) {
  Wiring wiring;
  wiring.services.push_back(std::make_unique<NoteServiceImpl>(chassis));
  return wiring;
}

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_NOTE_NOTE_SERVICE_H_

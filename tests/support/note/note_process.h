// The note service (main.cc) as a process that a test starts, stops and kills, and clients of it.
#ifndef QUNGONG_TESTS_SUPPORT_NOTE_NOTE_PROCESS_H_
#define QUNGONG_TESTS_SUPPORT_NOTE_NOTE_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "qungong/note/v1/note_service.grpc.pb.h"
#include "tests/nemesis/program.h"

namespace qungong::testing {

// Texts of notes: their writing takes 20 ms more, or never ends.
inline constexpr char kSlow[] = "slow";
inline constexpr char kHanging[] = "hanging";
// Times of a RepeatNote whose reactor never finishes.
inline constexpr int kForgotten = -2;

// Owned by the main thread. Uses the schema of ticket-service; the first one makes it.
class NoteProcess {
 public:
  // Starts it and returns when it serves. `flags` come after the usual ones: the later wins.
  explicit NoteProcess(const std::vector<std::string>& flags = {});

  // Starts it, again on the same port, and returns when it serves.
  void Start();
  void Kill() { program_->Kill(); }
  // SIGTERM. How it ended, if that was not with 0; "" otherwise.
  std::string Terminate(absl::Duration patience) { return program_->Terminate(patience); }

  void AskToEnd() { program_->AskToEnd(); }

  // The whole command line.
  const std::vector<std::string>& command() const { return command_; }
  pid_t pid() const { return program_->pid(); }
  int port() const { return port_; }
  std::string target() const;
  // GET at the admin listener: "/livez"; its status, or the value of a counter.
  int AdminStatus(const std::string& path) const;
  double Counter(const std::string& name) const;
  std::vector<std::string> LogLines(const std::string& text) const {
    return program_->LogLines(text);
  }

 private:
  const int port_;
  const std::vector<std::string> command_;
  std::unique_ptr<nemesis::Program> program_;
};

// How a client reaches the service.
enum class Way {
  kOurs,            // as our processes reach each other
  kWithoutRetries,  // the same, and each call is made once
  kPlain,           // as gRPC does it by itself, though over all addresses in turn
};
// Each channel has connections of its own. `target`: "ipv4:127.0.0.1:1,127.0.0.1:2".
std::shared_ptr<grpc::Channel> NoteChannel(const std::string& target,
                                           Way way = Way::kWithoutRetries);
// For calls with callbacks. Keeps its channel for ever: gRPC 1.51 may crash when the last channel
// with callbacks goes while one of them ends.
std::unique_ptr<note::v1::NoteService::Stub> AsyncNoteStub(const std::string& target,
                                                           Way way = Way::kWithoutRetries);

// One call, without a retry that is not the channel's.
absl::StatusOr<note::v1::Note> WriteNote(note::v1::NoteService::Stub& stub,
                                         const note::v1::WriteNoteRequest& request,
                                         absl::Duration patience);
// The read takes so many milliseconds on its worker, in the database.
absl::StatusOr<note::v1::Note> ReadNote(note::v1::NoteService::Stub& stub, int milliseconds,
                                        absl::Duration patience);
// A context with a token.
std::unique_ptr<grpc::ClientContext> NoteContext(absl::Duration patience);
note::v1::ReadNoteRequest Reading(int milliseconds);
// A note of a name of its own.
note::v1::WriteNoteRequest Writing(const std::string& text);

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_NOTE_NOTE_PROCESS_H_

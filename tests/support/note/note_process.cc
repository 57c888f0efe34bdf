#include "tests/support/note/note_process.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "runtime/channel.h"
#include "runtime/ids.h"
#include "runtime/status.h"
#include "runtime/token.h"
#include "tests/support/http_client.h"
#include "tests/support/mariadb.h"
#include "tests/support/note/note_service.h"
#include "tests/support/service_fixture.h"
#include "tests/support/spawn.h"

namespace qungong::testing {
namespace {

namespace fs = std::filesystem;
namespace pb = note::v1;

// Where files and logs of this test's processes are; removed with the test.
class Directory {
 public:
  Directory() { fs::create_directories(path_); }
  ~Directory() { fs::remove_all(path_); }
  std::string File(const std::string& name, absl::string_view content) const {
    std::string path = path_ / name;
    std::ofstream(path) << content;
    return path;
  }
  std::string NewLog() { return path_ / absl::StrCat("log", ++logs_); }

 private:
  const fs::path path_ = fs::path(::testing::TempDir()) / absl::StrCat("notes-", getpid());
  int logs_ = 0;
};

Directory& Files() {
  static Directory directory;
  return directory;
}

std::vector<std::string> CommandOf(int port, const std::vector<std::string>& flags) {
  static const int kPrepared = (MariaDb::Get().Migrate("ticket", NoteMigrations()), 1);
  EXPECT_EQ(kPrepared, 1);
  std::vector<std::string> command = {
      NOTE_SERVICE,
      absl::StrCat("--listen=127.0.0.1:", port),
      "--database=" + MariaDb::Get().address(),
      "--database_schema=qungong_ticket",
      "--database_user=ticket_app",
      "--database_password_file=" + Files().File("password", MariaDb::PasswordOf("ticket_app")),
      "--token_keys_file=" + TokenKeysFile(),
      "--master_key_file=" +
          Files().File("master", "20150730 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"),
      "--db_threads=4"};
  command.insert(command.end(), flags.begin(), flags.end());
  return command;
}

std::string NewToken() {
  static const auto& signer = *TokenSigner::FromFile(TokenSigningKeyFile()).value().release();
  const absl::Time now = absl::Now();
  return signer
      .Sign({"accounts/01900000-0000-7000-8000-00000000000a", "", now, now + absl::Minutes(15)})
      .value();
}

}  // namespace

NoteProcess::NoteProcess(const std::vector<std::string>& flags)
    : port_(FreePort()),
      command_(CommandOf(port_, flags)),
      program_(std::make_unique<nemesis::Program>("note-service", command_, Files().NewLog())) {
  Start();
}

void NoteProcess::Start() {
  program_->Start();
  const bool serves =
      Eventually([this] { return program_->Served("port") != 0 || !program_->Died().empty(); });
  EXPECT_TRUE(serves && program_->running());
}

std::string NoteProcess::target() const { return absl::StrCat("ipv4:127.0.0.1:", port_); }

int NoteProcess::AdminStatus(const std::string& path) const {
  return HttpClient(program_->Served("admin_port")).Get(path).status;
}

double NoteProcess::Counter(const std::string& name) const {
  const std::string text = HttpClient(program_->Served("admin_port")).Get("/metrics").body;
  const size_t at = text.find(absl::StrCat("\n", name, " "));
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + name.size() + 2);
}

std::shared_ptr<grpc::Channel> NoteChannel(const std::string& target, Way way) {
  grpc::ChannelArguments arguments;
  if (way == Way::kPlain) {
    arguments.SetLoadBalancingPolicyName("round_robin");
  } else {
    arguments = MakeChannelArguments();
  }
  if (way != Way::kOurs) arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<pb::NoteService::Stub> AsyncNoteStub(const std::string& target, Way way) {
  static auto& kept = *new std::vector<std::shared_ptr<grpc::Channel>>;
  kept.push_back(NoteChannel(target, way));
  return pb::NoteService::NewStub(kept.back());
}

std::unique_ptr<grpc::ClientContext> NoteContext(absl::Duration patience) {
  static const std::string& token = *new std::string(absl::StrCat("Bearer ", NewToken()));
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + patience));
  context->AddMetadata("authorization", token);
  return context;
}

pb::ReadNoteRequest Reading(int milliseconds) {
  pb::ReadNoteRequest request;
  request.set_name("notes/01900000-0000-7000-8000-000000000001");
  request.set_times(milliseconds);
  return request;
}

pb::WriteNoteRequest Writing(const std::string& text) {
  pb::WriteNoteRequest request;
  request.set_name(ResourceName("notes", NewUuidV7(absl::Now())));
  request.set_text(text);
  request.set_request_id(NewUuidV7(absl::Now()).ToString());
  return request;
}

absl::StatusOr<pb::Note> WriteNote(pb::NoteService::Stub& stub, const pb::WriteNoteRequest& request,
                                   absl::Duration patience) {
  pb::Note note;
  const grpc::Status status = stub.WriteNote(NoteContext(patience).get(), request, &note);
  if (!status.ok()) return FromGrpcStatus(status);
  return note;
}

absl::StatusOr<pb::Note> ReadNote(pb::NoteService::Stub& stub, int milliseconds,
                                  absl::Duration patience) {
  pb::Note note;
  const grpc::Status status =
      stub.ReadNote(NoteContext(patience).get(), Reading(milliseconds), &note);
  if (!status.ok()) return FromGrpcStatus(status);
  return note;
}

}  // namespace qungong::testing

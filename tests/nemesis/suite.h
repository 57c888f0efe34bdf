// What is under test: MariaDB, org-service and two replicas of ticket-service, as real processes
// with their real flags, and the wires between them.
#ifndef QUNGONG_TESTS_NEMESIS_SUITE_H_
#define QUNGONG_TESTS_NEMESIS_SUITE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/nemesis/link.h"
#include "tests/nemesis/program.h"
#include "tests/support/mariadb.h"

namespace qungong::nemesis {

// The services, by place in Suite's arrays.
enum Service { kOrg = 0, kTicketA = 1, kTicketB = 2 };
inline constexpr int kServices = 3;
inline constexpr const char* kServiceNames[] = {"org", "ticket-a", "ticket-b"};

// Owned by the main thread.
class Suite {
 public:
  // Makes the schemas and the first accounts, and starts everything. `directory` exists and is
  // empty. Ends the process if that fails.
  explicit Suite(const std::string& directory);
  ~Suite();

  testing::MariaDb& database() { return testing::MariaDb::Get(); }
  Program& program(int service) { return *programs_[service]; }
  // Between a service and MariaDB.
  Link& database_link(int service) { return *database_links_[service]; }
  // Between clients and a service.
  Link& client_link(int service) { return *client_links_[service]; }
  // Between the ticket-services and org-service.
  Link& feed_link() { return *feed_link_; }

  void StartService(int service);
  void KillService(int service);
  void PauseDatabase();
  void ResumeDatabase();
  void KillDatabase();
  void StartDatabase();

  // To be called often: lets clients in where a service has come up. What died by itself.
  std::vector<std::string> Look();
  // Whether all services say that they are ready, within `patience`.
  bool AwaitReady(absl::Duration patience);
  // Ends the services as an operator would, those that follow others first; what was wrong.
  std::vector<std::string> Stop();
  // Derives the chains of events again and holds them against the checkpoints; what was wrong.
  std::vector<std::string> VerifyChains();
  std::string master_key_file() const { return directory_ + "/master"; }

 private:
  std::vector<std::string> FlagsOf(int service) const;
  std::string File(const std::string& name, const std::string& content) const;
  std::string BootstrapFile() const;
  void Close(int service);

  const std::string directory_;
  std::vector<std::unique_ptr<Link>> database_links_;
  std::vector<std::unique_ptr<Link>> client_links_;
  std::unique_ptr<Link> feed_link_;
  std::vector<std::unique_ptr<Program>> programs_;
  std::vector<bool> open_;  // clients are let in
};

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_SUITE_H_

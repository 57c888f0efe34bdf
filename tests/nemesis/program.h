// One of the processes under test: started, killed, paused and ended, each time with a log of its
// own.
#ifndef QUNGONG_TESTS_NEMESIS_PROGRAM_H_
#define QUNGONG_TESTS_NEMESIS_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace qungong::nemesis {

// Owned by the main thread: a process ends with the thread that started it.
class Program {
 public:
  // Logs are `log`.1, `log`.2, …
  Program(std::string name, std::vector<std::string> command, std::string log);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const std::string& name() const { return name_; }
  bool running() const { return pid_ != 0; }
  pid_t pid() const { return pid_; }  // 0: does not run

  void Start();
  void Kill();
  void Pause() const;
  void Resume() const;
  // SIGTERM. Died() tells if it then ends as it should not.
  void AskToEnd();
  // The same, and waits; what is wrong with how it ended, or "".
  std::string Terminate(absl::Duration patience);
  // Runs it to its end with more flags; what is wrong with how it ended, or "".
  std::string RunWith(const std::vector<std::string>& more);

  // The number of the line that says that it serves ("port", "admin_port"); 0 if it does not yet.
  int Served(const std::string& key) const;
  // How it died if nobody killed it, or "". One that gave up before it served, as when the database
  // went away under it, is started again, as whatever runs it would do.
  std::string Died();
  // Lines of all its logs with this text.
  std::vector<std::string> LogLines(const std::string& text) const;

 private:
  std::string LogFile(int start) const;
  std::string Ended(int status) const;

  const std::string name_;
  const std::vector<std::string> command_;
  const std::string log_;
  int starts_ = 0;
  pid_t pid_ = 0;
  bool asked_to_end_ = false;
};

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_PROGRAM_H_

#include "tests/nemesis/program.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/spawn.h"

namespace qungong::nemesis {
namespace {

std::string TextOf(const std::string& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

Program::Program(std::string name, std::vector<std::string> command, std::string log)
    : name_(std::move(name)), command_(std::move(command)), log_(std::move(log)) {}

Program::~Program() {
  if (running()) Kill();
}

std::string Program::LogFile(int start) const { return absl::StrCat(log_, ".", start); }

void Program::Start() { pid_ = testing::Spawn(command_, LogFile(++starts_)); }

void Program::Kill() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  waitpid(std::exchange(pid_, 0), nullptr, 0);
}

void Program::Pause() const {
  if (running()) kill(pid_, SIGSTOP);
}

void Program::Resume() const {
  if (running()) kill(pid_, SIGCONT);
}

std::string Program::Ended(int status) const {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  return absl::StrCat(name_, " ended with ", WIFEXITED(status) ? "exit code " : "signal ",
                      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), ", see ",
                      LogFile(starts_));
}

std::string Program::Terminate(absl::Duration patience) {
  kill(pid_, SIGTERM);
  int status = 0;
  const absl::Time until = absl::Now() + patience;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (absl::Now() > until) {
      Kill();
      return absl::StrCat(name_, " did not end within ", absl::FormatDuration(patience));
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
  pid_ = 0;
  return Ended(status);
}

std::string Program::RunWith(const std::vector<std::string>& more) {
  std::vector<std::string> command = command_;
  command.insert(command.end(), more.begin(), more.end());
  const pid_t pid = testing::Spawn(command, LogFile(++starts_));
  int status = 0;
  waitpid(pid, &status, 0);
  const std::string wrong = Ended(status);
  return wrong.empty() ? "" : absl::StrCat(wrong, "\n", TextOf(LogFile(starts_)));
}

int Program::Served(const std::string& key) const {
  const std::string wanted = absl::StrCat("\"", key, "\":");
  const std::string text = TextOf(LogFile(starts_));
  const size_t line = text.find("\"message\":\"serving\"");
  const size_t at = line == std::string::npos ? line : text.find(wanted, line);
  return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + wanted.size());
}

std::string Program::Died() {
  int status = 0;
  if (!running() || waitpid(pid_, &status, WNOHANG) != pid_) return "";
  pid_ = 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && Served("port") == 0) {
    Start();
    return "";
  }
  const std::string wrong = Ended(status);
  return wrong.empty() ? absl::StrCat(name_, " ended by itself") : wrong;
}

std::vector<std::string> Program::LogLines(const std::string& text) const {
  std::vector<std::string> lines;
  for (int start = 1; start <= starts_; ++start) {
    std::ifstream in(LogFile(start));
    for (std::string line; std::getline(in, line);) {
      if (absl::StrContains(line, text)) lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace qungong::nemesis

// Many TCP connections to one port of this machine, from many of its addresses, that say little or
// read nothing.
#ifndef QUNGONG_TESTS_SUPPORT_CROWD_H_
#define QUNGONG_TESTS_SUPPORT_CROWD_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace qungong::testing {

// The soft limit of open descriptors as long as it lives; never more than the hard one.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t most) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit limit = {std::min(most, before_.rlim_max), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

// A connection from one of the addresses 127.0.0.2 to 127.0.0.9, in turn; -1 if it does not open.
inline int ConnectFrom(int turn, int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int small = 4096;  // what waits to be read waits at the other end
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  sockaddr_in own = {};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<uint32_t>(turn) % 8);
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<uint16_t>(port));
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0 &&
      connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

// Owned by one thread; a thread of its own makes the slow ones say one byte a second each.
class Crowd {
 public:
  explicit Crowd(int port) : port_(port) {}
  ~Crowd() {
    stop_ = true;
    if (dripper_.joinable()) dripper_.join();
    for (const int fd : all_) close(fd);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // `count` more, each of which says this at once and then, if it drips, a byte now and then.
  void Join(int count, absl::string_view says, bool drips) {
    for (int i = 0; i < count; ++i) {
      const int fd = ConnectFrom(static_cast<int>(all_.size()), port_);
      if (fd < 0) continue;
      all_.push_back(fd);
      if (drips) dripping_.push_back(fd);
      for (absl::string_view left = says; !left.empty();) {
        const ssize_t sent = send(fd, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        left.remove_prefix(static_cast<size_t>(sent));
      }
    }
  }
  // Once all have joined.
  void StartDripping() {
    dripper_ = std::thread([this] {
      while (!stop_) {
        for (size_t i = 0; i < dripping_.size() && !stop_; ++i) {
          if (i % 50 == 0) absl::SleepFor(absl::Seconds(1) * 50 / dripping_.size());
          send(dripping_[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
      }
    });
  }
  int size() const { return static_cast<int>(all_.size()); }
  // How many the other end has not ended. Reads what has come.
  int Open() {
    int open = 0;
    for (const int fd : all_) {
      char part[16384];
      ssize_t size = 0;
      while ((size = recv(fd, part, sizeof part, MSG_DONTWAIT)) > 0) {
      }
      if (size < 0 && errno == EAGAIN) ++open;
    }
    return open;
  }

 private:
  const int port_;
  std::vector<int> all_;
  std::vector<int> dripping_;
  std::atomic<bool> stop_ = false;
  std::thread dripper_;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_CROWD_H_

#include "tests/nemesis/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace qungong::nemesis {

Address AddressOf(absl::string_view text) {
  Address address;
  if (absl::ConsumePrefix(&text, "unix:")) {
    auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
    un.sun_family = AF_UNIX;
    text.copy(un.sun_path, sizeof un.sun_path - 1);
    address.size = sizeof un;
    return address;
  }
  int port = 0;
  if (!text.empty() && !absl::SimpleAtoi(text.substr(text.rfind(':') + 1), &port)) port = 0;
  auto& in = reinterpret_cast<sockaddr_in&>(address.storage);
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  in.sin_port = htons(static_cast<uint16_t>(port));
  address.size = sizeof in;
  return address;
}

int Open(const Address& address) {
  return socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void Close(int fd) {
  const linger at_once = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

void NoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on what is not TCP
}

int ConnectTo(const std::string& backend) {
  if (backend.empty()) return -1;
  const Address address = AddressOf(backend);
  const int fd = Open(address);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0 ||
      errno == EINPROGRESS) {
    NoDelay(fd);
    return fd;
  }
  close(fd);
  return -1;
}

}  // namespace qungong::nemesis

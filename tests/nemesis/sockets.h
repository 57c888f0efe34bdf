// Sockets of this machine.
#ifndef QUNGONG_TESTS_NEMESIS_SOCKETS_H_
#define QUNGONG_TESTS_NEMESIS_SOCKETS_H_

#include <sys/socket.h>

#include <string>

#include "absl/strings/string_view.h"

namespace qungong::nemesis {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};
// "unix:/path" or "127.0.0.1:port"; "" for a port of 127.0.0.1 that is free.
Address AddressOf(absl::string_view text);

// All of these do not block.
int Open(const Address& address);
// -1 if nobody is there.
int ConnectTo(const std::string& backend);
// Sends what is written at once.
void NoDelay(int fd);
// A reset, where there is such a thing: the peer loses what it has not read.
void Close(int fd);

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_SOCKETS_H_

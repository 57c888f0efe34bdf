#include "tests/nemesis/link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace qungong::nemesis {
namespace {

constexpr size_t kMostHeld = 256 * 1024;  // bytes on their way, per direction
// The server's OK to a COMMIT: nothing changed, autocommit.
constexpr absl::string_view kOk = {"\x07\0\0\x01\0\0\0\x02\0\0\0", 11};

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "link: %s: %s\n", what, std::strerror(errno));
  std::_Exit(2);
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

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

// A reset, where there is such a thing: the peer loses what it has not read.
void Close(int fd) {
  const linger at_once = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

void NoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on what is not TCP
}

// -1 if nobody is there.
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

// Writes what can be written; false when the connection is gone.
bool Flush(int fd, std::string& bytes) {
  if (bytes.empty()) return true;
  const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n >= 0) bytes.erase(0, static_cast<size_t>(n));
  return n >= 0 || errno == EAGAIN || errno == ENOTCONN;
}

}  // namespace

struct Link::Pair {
  int client = -1;
  int server = -1;
  std::string up;    // to the server
  std::string down;  // to the client
  CommitFinder commits;
  bool lose_reply = false;  // the next thing that the server says ends the connection
  bool lost = false;        // something that the server said
  bool over = false;        // once both sides have what is theirs
  bool dead = false;
};

Link::Link(const std::string& listen, bool database) : database_(database) {
  const Address address = AddressOf(listen);
  listener_ = Open(address);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
      ::listen(listener_, 128) != 0 || wake_ < 0) {
    Die("cannot listen");
  }
  address_ = listen;
  if (listen.empty()) {
    sockaddr_in in = {};
    socklen_t size = sizeof in;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&in), &size);
    address_ = absl::StrCat("127.0.0.1:", ntohs(in.sin_port));
  }
  thread_ = std::thread([this] { Run(); });
}

Link::~Link() {
  {
    absl::MutexLock lock(&mutex_);
    orders_.end = true;
  }
  Wake();
  thread_.join();
  close(listener_);
  close(wake_);
}

void Link::Wake() const {
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof one) < 0) Die("cannot wake");
}

void Link::SetBackend(absl::string_view address) {
  absl::MutexLock lock(&mutex_);
  orders_.backend = std::string(address);
}

void Link::CutAll() {
  absl::MutexLock lock(&mutex_);
  orders_.cut = true;
  Wake();
}

void Link::Refuse(bool refuse) {
  absl::MutexLock lock(&mutex_);
  orders_.refuse = refuse;
}

void Link::Stall(bool stall) {
  absl::MutexLock lock(&mutex_);
  orders_.stall = stall;
  Wake();
}

void Link::LoseReplies(bool lose) {
  absl::MutexLock lock(&mutex_);
  orders_.lose = lose;
  Wake();
}

void Link::CutCommits(CommitCut cut, int count) {
  absl::MutexLock lock(&mutex_);
  orders_.commit_cut = cut;
  orders_.commits = count;
}

int Link::commits_cut() const {
  absl::MutexLock lock(&mutex_);
  return orders_.commits_cut;
}

void Link::Accept(const Orders& orders) {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  const int server = orders.refuse ? -1 : ConnectTo(orders.backend);
  if (server < 0) return Close(client);
  NoDelay(client);
  Pair& pair = pairs_.emplace_back();
  pair.client = client;
  pair.server = server;
}

void Link::AtCommit(Pair& pair, const std::string& packet) {
  absl::MutexLock lock(&mutex_);
  if (orders_.commits == 0) {
    pair.up += packet;
    return;
  }
  --orders_.commits;
  ++orders_.commits_cut;
  switch (orders_.commit_cut) {
    case CommitCut::kBefore:
      pair.dead = true;
      break;
    case CommitCut::kInFlight:
      pair.up += packet;
      pair.over = true;
      break;
    case CommitCut::kAfter:
      pair.up += packet;
      pair.lose_reply = true;
      break;
    case CommitCut::kLie:
      pair.down.append(kOk.data(), kOk.size());
      pair.over = true;
      break;
  }
}

void Link::FromClient(Pair& pair, absl::string_view bytes) {
  if (!database_) {
    pair.up.append(bytes.data(), bytes.size());
    return;
  }
  pair.commits.Feed(bytes);
  bool is_commit = false;
  for (std::string piece; !(piece = pair.commits.Next(&is_commit)).empty() && !pair.over;) {
    if (is_commit) {
      AtCommit(pair, piece);
    } else {
      pair.up += piece;
    }
  }
}

// Reads what came and writes what can be written.
void Link::Serve(Pair& pair, short client, short server, bool lose) {
  char buffer[16 * 1024];
  constexpr short kSomething = POLLIN | POLLHUP | POLLERR;
  if ((client & kSomething) != 0 && !pair.over) {
    const ssize_t n = recv(pair.client, buffer, sizeof buffer, 0);
    if (n > 0) FromClient(pair, {buffer, static_cast<size_t>(n)});
    if (n == 0 || (n < 0 && errno != EAGAIN)) pair.over = true;
  }
  if ((server & kSomething) != 0 && !pair.over) {
    const ssize_t n = recv(pair.server, buffer, sizeof buffer, 0);
    if (n > 0 && pair.lose_reply) pair.dead = true;
    if (n > 0 && !lose) pair.down.append(buffer, static_cast<size_t>(n));
    pair.lost |= n > 0 && lose;
    if (n == 0 || (n < 0 && errno != EAGAIN)) pair.over = true;
  }
  if (pair.dead) return;
  const bool server_lives = Flush(pair.server, pair.up);
  const bool client_lives = Flush(pair.client, pair.down);
  if (!server_lives) pair.up.clear();
  if (!client_lives) pair.down.clear();
  pair.over = pair.over || !server_lives || !client_lives;
  pair.dead = pair.over && pair.up.empty() && pair.down.empty();
}

// Two for each connection, after the two of the link. Where nothing is wanted nothing is asked: an
// end that is gone would be told again and again.
std::vector<pollfd> Link::Wanted(const Orders& orders) {
  std::vector<pollfd> wanted = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
  for (const Pair& pair : pairs_) {
    const auto ask = [&](int fd, const std::string& from_here, const std::string& to_here) {
      const bool read = from_here.size() < kMostHeld && !pair.over && !orders.stall;
      const bool write = !to_here.empty() && !orders.stall;
      const int events = (read ? POLLIN : 0) | (write ? POLLOUT : 0);
      wanted.push_back({events == 0 ? -1 : fd, static_cast<short>(events), 0});
    };
    ask(pair.client, pair.up, pair.down);
    ask(pair.server, pair.down, pair.up);
  }
  return wanted;
}

void Link::Run() {
  while (true) {
    Orders orders;
    {
      absl::MutexLock lock(&mutex_);
      orders = orders_;
      orders_.cut = false;
    }
    for (Pair& pair : pairs_) {
      pair.dead |= orders.cut || orders.end || (pair.lost && !orders.lose);
    }
    pairs_.remove_if([](const Pair& pair) {
      if (pair.dead) Close(pair.client), Close(pair.server);
      return pair.dead;
    });
    if (orders.end) return;
    std::vector<pollfd> polled = Wanted(orders);
    if (poll(polled.data(), polled.size(), -1) < 0) continue;
    uint64_t woken = 0;
    if (polled[1].revents != 0 && read(wake_, &woken, sizeof woken) < 0) woken = 0;
    size_t at = 2;
    for (Pair& pair : pairs_) {
      const short client = polled[at].revents;
      const short server = polled[at + 1].revents;
      at += 2;
      if (client != 0 || server != 0) Serve(pair, client, server, orders.lose);
    }
    if (polled[0].revents != 0) {
      absl::MutexLock lock(&mutex_);
      orders = orders_;
    }
    if (polled[0].revents != 0) Accept(orders);
  }
}

}  // namespace qungong::nemesis

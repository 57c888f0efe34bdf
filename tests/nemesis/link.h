// The wire between two processes, which can be cut, held up and refused; on the way to MariaDB also
// at a COMMIT.
#ifndef QUNGONG_TESTS_NEMESIS_LINK_H_
#define QUNGONG_TESTS_NEMESIS_LINK_H_

#include <poll.h>

#include <list>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "tests/nemesis/commit_finder.h"

namespace qungong::nemesis {

// Where a connection is cut.
enum class CommitCut {
  kBefore,    // the server never hears of the COMMIT
  kInFlight,  // it has been sent, and nobody waits for what becomes of it
  kAfter,     // it was done, and its OK is lost
  kLie,       // planted: the client is told OK, the server never hears of it
};

// Passes connections on to a backend, byte by byte, in a thread of its own. Thread-safe.
class Link {
 public:
  // `listen`: "unix:/path", or "" for a free TCP port of 127.0.0.1. `database`: finds COMMITs.
  Link(const std::string& listen, bool database);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // What clients connect to: "unix:/path" or "127.0.0.1:port".
  const std::string& address() const { return address_; }
  // Who is there: "unix:/path", "127.0.0.1:port", or "" for nobody. For new connections.
  void SetBackend(absl::string_view address);

  // Ends all connections at once, with what is on its way.
  void CutAll();
  // New connections end at once.
  void Refuse(bool refuse);
  // Nothing passes, and no connection ends.
  void Stall(bool stall);
  // What the server says is lost; then the connections that lost something end.
  void LoseReplies(bool lose);
  // The next `count` connections that send a COMMIT.
  void CutCommits(CommitCut cut, int count);
  // How many COMMITs were cut so far.
  int commits_cut() const;

 private:
  struct Pair;
  struct Orders {
    std::string backend;
    bool cut = false;
    bool refuse = false;
    bool stall = false;
    bool lose = false;
    CommitCut commit_cut = CommitCut::kBefore;
    int commits = 0;  // still to be cut
    int commits_cut = 0;
    bool end = false;
  };

  void Run();
  void Accept(const Orders& orders);
  void Serve(Pair& pair, short client, short server, bool lose);
  void FromClient(Pair& pair, absl::string_view bytes);
  void AtCommit(Pair& pair, const std::string& packet);
  void Wake() const;
  std::vector<pollfd> Wanted(const Orders& orders);

  const bool database_;
  std::string address_;
  int listener_ = -1;
  int wake_ = -1;
  std::list<Pair> pairs_;  // of the thread
  mutable absl::Mutex mutex_;
  Orders orders_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses all of them
};

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_LINK_H_

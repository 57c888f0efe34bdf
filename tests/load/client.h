// A client of the bench: one connection, one call at a time.
#ifndef QUNGONG_TESTS_LOAD_CLIENT_H_
#define QUNGONG_TESTS_LOAD_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

namespace qungong::load {

// Used by one thread at a time.
class Client {
 public:
  virtual ~Client() = default;
  // Makes one call and waits for its reply. What went wrong, or "".
  virtual std::string Call() = 0;
};

using MakeClient = std::function<std::unique_ptr<Client>()>;

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_CLIENT_H_

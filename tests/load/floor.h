// The floor: the statements of a call, in the same transactions, straight through the driver. What
// a call costs beyond it is ours. The statements are frozen in floor.sql, which says how to record
// them again; CheckFrozen says when they are no longer what the service sends.
#ifndef QUNGONG_TESTS_LOAD_FLOOR_H_
#define QUNGONG_TESTS_LOAD_FLOOR_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/load/client.h"
#include "tests/load/world.h"

namespace qungong::load {

// One round trip. Parameters in the order of their question marks: a name of a value, "=…" for a
// constant, "@N" for column N of all rows of the result before (as many question marks as rows).
struct FrozenStatement {
  std::string sql;
  std::vector<std::string> parameters;
};

class Floor {
 public:
  class Impl;
  // Reads floor.sql, and from the database the rows of some tickets, as samples of what to write.
  static absl::StatusOr<std::unique_ptr<Floor>> Make(const std::string& file, const World& world);
  ~Floor();

  // `operation` is a section of floor.sql. The floor must outlive the client.
  std::unique_ptr<Client> NewClient(const std::string& operation) const;
  size_t round_trips(const std::string& operation) const;

  // Lets the service make one call of each operation, with the server's general log on, and holds
  // what it sent against the frozen statements: FAILED_PRECONDITION names the first difference.
  absl::Status CheckFrozen(const std::map<std::string, MakeClient>& calls) const;
  // What the service sends for one call, a line each, as the server's log has it.
  absl::StatusOr<std::vector<std::string>> Record(const MakeClient& call) const;

 private:
  explicit Floor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_FLOOR_H_

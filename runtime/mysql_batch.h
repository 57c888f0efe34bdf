// Statements that are sent together, in one round trip: see Tx::Later.
#ifndef QUNGONG_RUNTIME_MYSQL_BATCH_H_
#define QUNGONG_RUNTIME_MYSQL_BATCH_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "runtime/mysql.h"

namespace qungong::mysql {

class Batch {
 public:
  // Adds a statement with its parameters written into it; they need not outlive the call.
  void Add(absl::string_view sql, absl::Span<const Param> params);
  void Clear();

  // The statements, with ";" between them.
  const std::string& text() const { return text_; }
  // The same with question marks for the parameters, as whoever watches statements sees them.
  const std::string& shape() const { return shape_; }
  int size() const { return size_; }

 private:
  std::string text_;
  std::string shape_;
  int size_ = 0;
};

// A parameter as SQL. Whatever is not plain ASCII without quotes and backslashes is written as
// hexadecimal digits: there is nothing to escape.
void AppendLiteral(std::string& sql, const Param::Value& value);

}  // namespace qungong::mysql

#endif  // QUNGONG_RUNTIME_MYSQL_BATCH_H_

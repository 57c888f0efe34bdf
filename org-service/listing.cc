#include "org-service/listing.h"

#include <memory>

#include "absl/strings/str_join.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/page.h"
#include "runtime/status.h"

namespace qungong::org {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void Conditions::AndWithin(absl::string_view unit_columns, absl::Span<const Uuid> nodes,
                           absl::CivilDay day) {
  std::string marks = nodes.empty() ? "NULL" : "?";
  for (size_t i = 1; i < nodes.size(); ++i) absl::StrAppend(&marks, ", ?");
  And(
      absl::StrCat("EXISTS (SELECT 1 FROM directory_closure AS c JOIN directory_nodes AS u"
                   " ON u.id = c.descendant_id WHERE c.tree = ",
                   rpc::v1::ADMINISTRATIVE_TREE, " AND c.descendant_id IN (", unit_columns,
                   ") AND c.ancestor_id IN (", marks,
                   ") AND c.valid_from <= LEAST(?, u.valid_to - INTERVAL 1 DAY)"
                   " AND c.valid_to > LEAST(?, u.valid_to - INTERVAL 1 DAY))"));
  for (const Uuid& node : nodes) params_.emplace_back(node);
  params_.emplace_back(day);
  params_.emplace_back(day);
}

absl::StatusOr<ListPage> ListPage::Open(const Read& read, const Message& request) {
  ListPage page;
  const FieldDescriptor* size = request.GetDescriptor()->FindFieldByName("page_size");
  const FieldDescriptor* token = request.GetDescriptor()->FindFieldByName("page_token");
  page.size_ = CoercePageSize(request.GetReflection()->GetInt32(request, size));

  const std::unique_ptr<Message> question(request.New());
  question->CopyFrom(request);
  question->GetReflection()->ClearField(question.get(), size);
  question->GetReflection()->ClearField(question.get(), token);
  page.question_ = absl::StrJoin(
      {read.call().principal, read.call().method->full_name(), question->SerializeAsString()},
      absl::string_view("\0", 1));
  ASSIGN_OR_RETURN(
      page.after_,
      read.pages().Decode(page.question_, request.GetReflection()->GetString(request, token)));
  return page;
}

std::string ListPage::NextToken(const Read& read, absl::string_view last_key) const {
  return read.pages().Encode(question_, last_key);
}

}  // namespace qungong::org

#include "tests/support/access/output_only_probe.h"

#include <algorithm>
#include <regex>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/dynamic_message.h"
#include "qungong/rpc/v1/options.pb.h"
#include "runtime/status.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr char kGarbage[] = "forged by the caller";
constexpr int kGarbageNumber = 77;

void Collect(const Descriptor& message, const std::string& prefix, const IsServersOwn& is_own,
             std::set<const Descriptor*> above, std::vector<std::string>& paths) {
  if (!above.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (is_own(field)) {
      paths.push_back(prefix + field.name());
    } else if (field.message_type() != nullptr) {
      Collect(*field.message_type(), absl::StrCat(prefix, field.name(), "."), is_own, above, paths);
    }
  }
}

// A value that is not the default one.
void Forge(Message& message, const FieldDescriptor& field) {
  const auto& r = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return many ? r.AddString(&message, &field, kGarbage)
                  : r.SetString(&message, &field, kGarbage);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int last = field.enum_type()->value(field.enum_type()->value_count() - 1)->number();
      return many ? r.AddEnumValue(&message, &field, last) : r.SetEnumValue(&message, &field, last);
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return many ? r.AddInt32(&message, &field, kGarbageNumber)
                  : r.SetInt32(&message, &field, kGarbageNumber);
    case FieldDescriptor::CPPTYPE_INT64:
      return many ? r.AddInt64(&message, &field, kGarbageNumber)
                  : r.SetInt64(&message, &field, kGarbageNumber);
    case FieldDescriptor::CPPTYPE_BOOL:
      return many ? r.AddBool(&message, &field, true) : r.SetBool(&message, &field, true);
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message* part = many ? r.AddMessage(&message, &field) : r.MutableMessage(&message, &field);
      for (int i = 0; i < part->GetDescriptor()->field_count(); ++i)
        Forge(*part, *part->GetDescriptor()->field(i));
      return;
    }
    default:
      ADD_FAILURE() << field.full_name() << " is of a kind that nobody forges";
  }
}

void ForgeAll(Message& message, const std::string& prefix, const IsServersOwn& is_own,
              std::vector<std::string>& forged) {
  const auto& r = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (is_own(field)) {
      Forge(message, field);
      forged.push_back(prefix + field.name());
    } else if (field.message_type() != nullptr) {
      const std::string below = absl::StrCat(prefix, field.name(), ".");
      if (!field.is_repeated() && r.HasField(message, &field))
        ForgeAll(*r.MutableMessage(&message, &field), below, is_own, forged);
      for (int k = 0; field.is_repeated() && k < r.FieldSize(message, &field); ++k)
        ForgeAll(*r.MutableRepeatedMessage(&message, &field, k), below, is_own, forged);
    }
  }
}

// A reply without what two resources never share.
std::string Likeness(const MethodDescriptor& method, const std::string& bytes) {
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> reply(factory.GetPrototype(method.output_type())->New());
  reply->ParseFromString(bytes);
  static const std::regex uuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  return std::regex_replace(reply->DebugString(), uuid, "#");
}

// Tables of the schema in which the garbage stands as it was sent.
std::vector<std::string> TablesWithGarbage(const std::string& schema) {
  std::vector<std::string> tables;
  for (const mysql::Row& row : MariaDb::Get().Query(absl::StrCat(
           "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = '",
           schema,
           "' AND (data_type LIKE '%char' OR data_type LIKE '%text' OR"
           " data_type LIKE '%binary' OR data_type LIKE '%blob')"))) {
    const auto found = MariaDb::Get().Query(absl::StrCat("SELECT COUNT(*) FROM ", schema, ".",
                                                         row.String(0), " WHERE LOCATE('", kGarbage,
                                                         "', ", row.String(1), ") > 0"));
    if (found.front().Int64(0) != 0)
      tables.push_back(absl::StrCat(row.String(0), ".", row.String(1)));
  }
  return tables;
}

}  // namespace

bool IsOutputOnly(const FieldDescriptor& field) {
  return field.options().GetExtension(rpc::v1::rules).output_only();
}

std::vector<std::string> ServersOwnFields(const Descriptor& message, const IsServersOwn& is_own) {
  std::vector<std::string> paths;
  Collect(message, "", is_own, {}, paths);
  return paths;
}

std::vector<std::string> CompareWithGarbage(
    TestService& service, const MethodDescriptor& method, const Scenario& scenario,
    const std::function<std::string(const Attempt&)>& token_for, const IsServersOwn& is_own) {
  std::vector<std::string> wrong;
  const Attempt plain = scenario(Scene::kHere);
  const RawAnswer of_plain = Send(service, method, plain, token_for(plain));
  const Attempt garbled = scenario(Scene::kHere);
  std::vector<std::string> forged;
  ForgeAll(*garbled.request, "", is_own, forged);
  for (const std::string& path : ServersOwnFields(*plain.request->GetDescriptor(), is_own)) {
    if (std::find(forged.begin(), forged.end(), path) == forged.end())
      wrong.push_back(absl::StrCat(path, ": the scenario's request has no place for it"));
  }
  const RawAnswer of_garbled = Send(service, method, garbled, token_for(garbled));
  for (const RawAnswer& answer : {of_plain, of_garbled}) {
    if (!answer.status.ok()) wrong.push_back(Describe(FromGrpcStatus(answer.status)));
  }
  const std::string likeness = Likeness(method, of_plain.reply);
  if (const std::string other = Likeness(method, of_garbled.reply); other != likeness)
    wrong.push_back(absl::StrCat("the replies differ: ", likeness, " and ", other));
  for (const std::string& table : TablesWithGarbage(service.chassis().database.schema))
    wrong.push_back(absl::StrCat(table, " holds what the caller forged"));
  return wrong;
}

}  // namespace qungong::testing

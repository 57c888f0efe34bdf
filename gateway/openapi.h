// The public API as an OpenAPI 3.1 document, from routes, descriptors, field rules and comments.
// Pure.
#ifndef QUNGONG_GATEWAY_OPENAPI_H_
#define QUNGONG_GATEWAY_OPENAPI_H_

#include <map>
#include <set>
#include <string>

#include "gateway/comments.h"
#include "gateway/json_writer.h"
#include "gateway/route_table.h"
#include "google/protobuf/descriptor.h"

namespace qungong::gateway {

std::string MakeOpenApi(const RouteTable& routes, const Comments& comments);

// Schemas of messages and enums, each once, by full name.
class SchemaWriter {
 public:
  SchemaWriter(const Comments& comments, JsonWriter& json) : comments_(comments), json_(json) {}

  // A reference to the type, which WriteAll will then define; or the schema of a well-known type.
  void WriteType(const google::protobuf::Descriptor& type);
  // Of one value of a field, or of the whole field with its rules and comment.
  void WriteValue(const google::protobuf::FieldDescriptor& field);
  void WriteField(const google::protobuf::FieldDescriptor& field);
  // A schema of our own, as JSON.
  void AddOwn(const std::string& name, const std::string& schema) { own_[name] = schema; }
  // "components/schemas": everything that was referred to, directly or not.
  void WriteAll();

 private:
  void WriteScalar(const google::protobuf::FieldDescriptor& field);
  void WriteRules(const google::protobuf::FieldDescriptor& field);
  void WriteMessage(const google::protobuf::Descriptor& type);
  void WriteEnum(const google::protobuf::EnumDescriptor& type);
  void WriteReference(const std::string& full_name);

  const Comments& comments_;
  JsonWriter& json_;
  std::set<std::string> wanted_;
  std::set<std::string> written_;
  std::map<std::string, std::string> own_;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_OPENAPI_H_

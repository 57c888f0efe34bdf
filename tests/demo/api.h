// A client of the gateway's JSON API, as a console or a phone would use it: one connection, one
// cookie, typed by the protos. For the demo and the tests of the whole suite.
#ifndef QUNGONG_TESTS_DEMO_API_H_
#define QUNGONG_TESTS_DEMO_API_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace qungong::demo {

// What came back.
struct Reply {
  int http_status = 0;  // 0: no reply, the connection failed
  std::string reason;   // ErrorInfo.reason of an error
  std::string chinese;  // LocalizedMessage of an error
  std::string body;
  double seconds = 0;

  bool ok() const { return http_status == 200; }
  // "200", "403 ROLE_MISSING"
  std::string Outcome() const;
};

class Api {
 public:
  Api(std::string host, int port);
  ~Api();
  Api(Api&&) noexcept;

  Reply SignIn(const std::string& login, const std::string& password);

  Reply Get(const std::string& target, google::protobuf::Message* reply = nullptr);
  Reply Post(const std::string& target, const google::protobuf::Message& request,
             google::protobuf::Message* reply = nullptr);
  // Sends this cookie or this authorization instead of the session's.
  void UseCookie(const std::string& cookie);
  void UseToken(const std::string& bearer);
  std::string cookie() const;

  Reply PostText(const std::string& target, const std::string& body,
                 const std::string& content_type);

 private:
  Reply Send(const std::string& verb, const std::string& target, const std::string& body,
             const std::string& content_type);

  class Impl;
  std::unique_ptr<Impl> impl_;
};

std::string NewRequestId();

}  // namespace qungong::demo

#endif  // QUNGONG_TESTS_DEMO_API_H_

// Clients of the gateway by HTTP/JSON, each with a kept connection.
#ifndef QUNGONG_TESTS_LOAD_HTTP_CLIENT_H_
#define QUNGONG_TESTS_LOAD_HTTP_CLIENT_H_

#include <memory>

#include "tests/load/client.h"
#include "tests/load/world.h"

namespace qungong::load {

// `world` must outlive the client.
std::unique_ptr<Client> HttpSubmit(const World& world);
std::unique_ptr<Client> HttpGet(const World& world);
std::unique_ptr<Client> HttpList(const World& world);
std::unique_ptr<Client> HttpDashboard(const World& world);
// Of a gateway in front of the echo server.
std::unique_ptr<Client> HttpEcho(int port);

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_HTTP_CLIENT_H_

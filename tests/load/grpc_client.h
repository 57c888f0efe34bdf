// Clients of the services by native gRPC, each with a connection of its own.
#ifndef QUNGONG_TESTS_LOAD_GRPC_CLIENT_H_
#define QUNGONG_TESTS_LOAD_GRPC_CLIENT_H_

#include <memory>

#include "tests/load/client.h"
#include "tests/load/world.h"

namespace qungong::load {

// `world` must outlive the client.
std::unique_ptr<Client> GrpcSubmit(const World& world);
std::unique_ptr<Client> GrpcGet(const World& world);
std::unique_ptr<Client> GrpcList(const World& world);
std::unique_ptr<Client> GrpcDashboard(const World& world);
// Of the echo server (echo_server.h) on that port.
std::unique_ptr<Client> GrpcEcho(int port);

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_GRPC_CLIENT_H_

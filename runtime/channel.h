// How the processes of Qungong reach each other: one set of arguments for both ends of a gRPC
// connection.
//
// A default channel keeps sending calls into a dead peer, does not see new replicas for half a
// minute and makes every restart visible to callers. The client pings, so the server must allow
// pings: hence one file for both.
#ifndef QUNGONG_RUNTIME_CHANNEL_H_
#define QUNGONG_RUNTIME_CHANNEL_H_

#include <cstddef>
#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/support/channel_arguments.h"

namespace qungong {

// Keepalive, round robin over all addresses, quick re-resolution, capped reconnect back-off,
// retries of UNAVAILABLE with throttling. Retried calls must be idempotent: ours are, by
// request_id.
grpc::ChannelArguments MakeChannelArguments();

// A channel to "dns:///host:port", "host:port" or "unix:/path". It connects on its first call.
std::shared_ptr<grpc::Channel> Connect(
    const std::string& target, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

// The server's half: allows those pings, ages connections so that new replicas get their share,
// bounds streams and memory, and refuses a port that another process already serves.
void ApplyServerArguments(grpc::ServerBuilder& builder, size_t memory_limit_bytes = 256u << 20);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_CHANNEL_H_

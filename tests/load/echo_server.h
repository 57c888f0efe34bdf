// The least a backend can do: TrackTicket, answered with the number that was asked for. In a
// process of its own, behind a gateway of its own, it shows what the gateway itself costs.
#ifndef QUNGONG_TESTS_LOAD_ECHO_SERVER_H_
#define QUNGONG_TESTS_LOAD_ECHO_SERVER_H_

#include "qungong/ticket/v1/ticket_service.pb.h"

namespace qungong::load {

// Serves until the process is ended; 1 if it cannot listen.
int ServeEcho(int port);

ticket::v1::TrackTicketRequest EchoRequest();

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_ECHO_SERVER_H_

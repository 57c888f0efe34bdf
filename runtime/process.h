// What a process asks of the system it runs on: descriptors at its start, an end at its end.
#ifndef QUNGONG_RUNTIME_PROCESS_H_
#define QUNGONG_RUNTIME_PROCESS_H_

#include "absl/time/time.h"

namespace qungong {

// Raises the soft limit of open descriptors to the hard one and returns it. The usual soft limit of
// 1,024 is far too low: gRPC 1.51 stops accepting for ever after one moment without a free one.
int RaiseDescriptorLimit();

// The process ends after `grace` with code 3, whatever hangs in it; if even that hangs, as when
// nobody reads its log, by SIGALRM two seconds later.
void EndAfter(absl::Duration grace);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_PROCESS_H_

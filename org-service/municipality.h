// The root of the administrative tree, which must be there before the first grant.
#ifndef QUNGONG_ORG_SERVICE_MUNICIPALITY_H_
#define QUNGONG_ORG_SERVICE_MUNICIPALITY_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "qungong/org/v1/bootstrap.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"

namespace qungong::org {

// The municipality's unit, made together with its division unless they are there. They get the ids
// that the import of divisions derives from the code, so that it finds them.
absl::StatusOr<Uuid> EnsureMunicipality(mysql::Tx& tx, const v1::BootstrapMunicipality& wanted,
                                        absl::Time now, std::vector<Event>& events);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_MUNICIPALITY_H_

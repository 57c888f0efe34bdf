// Use cases of people.
#ifndef QUNGONG_ORG_SERVICE_PERSON_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_PERSON_HANDLERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "org-service/person_store.h"
#include "qungong/org/v1/person_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Stateless.
class PersonHandlers {
 public:
  absl::StatusOr<v1::Person> CreatePerson(Mutation& m, const v1::CreatePersonRequest& request);
  absl::StatusOr<v1::Person> GetPerson(Read& read, const v1::GetPersonRequest& request);
  absl::StatusOr<v1::ListPeopleResponse> ListPeople(Read& read,
                                                    const v1::ListPeopleRequest& request);
  absl::StatusOr<v1::ListPeopleResponse> SearchPeople(Read& read,
                                                      const v1::SearchPeopleRequest& request);
  absl::StatusOr<v1::Person> UpdatePerson(Mutation& m, const v1::UpdatePersonRequest& request);
  absl::StatusOr<v1::Unmasking> UnmaskPerson(Mutation& m, const v1::UnmaskPersonRequest& request);
  absl::StatusOr<v1::ListUnmaskingsResponse> ListUnmaskings(
      Read& read, const v1::ListUnmaskingsRequest& request);
  absl::StatusOr<v1::Person> ErasePerson(Mutation& m, const v1::ErasePersonRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_PERSON_HANDLERS_H_

// The gRPC adapter of people: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_PERSON_SERVICE_H_
#define QUNGONG_ORG_SERVICE_PERSON_SERVICE_H_

#include "org-service/person_handlers.h"
#include "qungong/org/v1/person_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class PersonService final : public v1::PersonService::CallbackService {
 public:
  PersonService(Chassis& chassis, PersonHandlers& handlers)
      : rpc_(chassis, v1::PersonService::service_full_name()), handlers_(handlers) {}

  Reactor* CreatePerson(Context* c, const v1::CreatePersonRequest* q, v1::Person* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &PersonHandlers::CreatePerson);
  }
  Reactor* GetPerson(Context* c, const v1::GetPersonRequest* q, v1::Person* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &PersonHandlers::GetPerson);
  }
  Reactor* ListPeople(Context* c, const v1::ListPeopleRequest* q,
                      v1::ListPeopleResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &PersonHandlers::ListPeople);
  }
  Reactor* SearchPeople(Context* c, const v1::SearchPeopleRequest* q,
                        v1::ListPeopleResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &PersonHandlers::SearchPeople);
  }
  Reactor* UpdatePerson(Context* c, const v1::UpdatePersonRequest* q, v1::Person* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &PersonHandlers::UpdatePerson);
  }
  Reactor* UnmaskPerson(Context* c, const v1::UnmaskPersonRequest* q, v1::Unmasking* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &PersonHandlers::UnmaskPerson);
  }
  Reactor* ListUnmaskings(Context* c, const v1::ListUnmaskingsRequest* q,
                          v1::ListUnmaskingsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &PersonHandlers::ListUnmaskings);
  }
  Reactor* ErasePerson(Context* c, const v1::ErasePersonRequest* q, v1::Person* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &PersonHandlers::ErasePerson);
  }

 private:
  Rpc rpc_;
  PersonHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_PERSON_SERVICE_H_

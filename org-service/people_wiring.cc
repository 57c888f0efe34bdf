#include "org-service/people_wiring.h"

#include <memory>
#include <utility>

#include "org-service/account_service.h"
#include "org-service/appointment_service.h"
#include "org-service/grant_service.h"
#include "org-service/person_service.h"
#include "org-service/relation_service.h"
#include "org-service/session_service.h"
#include "org-service/session_store.h"
#include "runtime/status.h"
#include "runtime/token.h"

namespace qungong::org {
namespace {

struct People {
  People(Chassis& chassis, std::unique_ptr<TokenSigner> signer, const SessionLimits& limits)
      : sign_in(chassis.keys),
        sessions(chassis.keys, sign_in, std::move(signer), limits),
        accounts(chassis.keys, sign_in) {}

  SignIn sign_in;
  SessionHandlers sessions;
  AccountHandlers accounts;
  GrantHandlers grants;
  PersonHandlers people;
  AppointmentHandlers appointments;
  RelationHandlers relations;
};

}  // namespace

absl::Status WirePeople(Chassis& chassis, const std::string& token_signing_key_file,
                        const SessionLimits& limits, Wiring& wiring) {
  ASSIGN_OR_RETURN(std::unique_ptr<TokenSigner> signer,
                   TokenSigner::FromFile(token_signing_key_file));
  const auto people = std::make_shared<People>(chassis, std::move(signer), limits);
  wiring.services.push_back(std::make_unique<SessionService>(chassis, people->sessions));
  wiring.services.push_back(std::make_unique<AccountService>(chassis, people->accounts));
  wiring.services.push_back(std::make_unique<GrantService>(chassis, people->grants));
  wiring.services.push_back(std::make_unique<PersonService>(chassis, people->people));
  wiring.services.push_back(std::make_unique<AppointmentService>(chassis, people->appointments));
  wiring.services.push_back(std::make_unique<RelationService>(chassis, people->relations));
  wiring.parts.push_back(people);
  chassis.loops.Add("forget-sessions", absl::Minutes(10),
                    [&chassis](mysql::Session& session) -> absl::StatusOr<bool> {
                      bool more = false;
                      RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
                        ASSIGN_OR_RETURN(more, DeleteOldSessions(tx, chassis.clock.Now()));
                        return absl::OkStatus();
                      }));
                      return more;
                    });
  return absl::OkStatus();
}

}  // namespace qungong::org

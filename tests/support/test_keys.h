// The ES256 key of RFC 7515, appendix A.3, and the one of RFC 7517, appendix A.2: published, so
// good for tests and for nothing else.
#ifndef QUNGONG_TESTS_SUPPORT_TEST_KEYS_H_
#define QUNGONG_TESTS_SUPPORT_TEST_KEYS_H_

namespace qungong::testing {

inline constexpr char kPrivateJwk[] = R"({"kty":"EC","crv":"P-256","kid":"test",
"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})";

inline constexpr char kForeignJwk[] = R"({"kty":"EC","crv":"P-256","kid":"test",
"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"})";

inline constexpr char kPublicJwks[] =
    R"({"keys":[{"kty":"EC","crv":"P-256","kid":"test","alg":"ES256","use":"sig",
"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_TEST_KEYS_H_

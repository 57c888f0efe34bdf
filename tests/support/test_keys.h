// The ES256 key of RFC 7515, appendix A.3: published, so good for tests and for nothing else.
#ifndef QUNGONG_TESTS_SUPPORT_TEST_KEYS_H_
#define QUNGONG_TESTS_SUPPORT_TEST_KEYS_H_

namespace qungong::testing {

inline constexpr char kPrivateJwk[] = R"({"kty":"EC","crv":"P-256","kid":"test",
"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})";

inline constexpr char kPublicJwks[] =
    R"({"keys":[{"kty":"EC","crv":"P-256","kid":"test","alg":"ES256","use":"sig",
"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_TEST_KEYS_H_

// The contract that validate_test.cc checks messages of.
#ifndef QUNGONG_RUNTIME_VALIDATE_TEST_FILE_H_
#define QUNGONG_RUNTIME_VALIDATE_TEST_FILE_H_

namespace qungong::testing {

// One field for each rule; made here, so that no contract of a service holds this test up.
inline constexpr char kFile[] = R"pb(
  name: "validate_test.proto"
  package: "test"
  syntax: "proto3"
  dependency: "qungong/rpc/v1/options.proto"
  dependency: "google/protobuf/timestamp.proto"
  dependency: "google/type/date.proto"
  dependency: "google/type/latlng.proto"
  enum_type {
    name: "State"
    value { name: "STATE_UNSPECIFIED" number: 0 }
    value { name: "OPEN" number: 1 }
  }
  message_type {
    name: "Person"
    field {
      name: "phone"
      number: 1
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { pattern: PHONE required: true }
      }
    }
    field {
      name: "etag"
      number: 2
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { output_only: true required: true max_len: 1 }
      }
    }
    field {
      name: "friends"
      number: 3
      type: TYPE_MESSAGE
      type_name: ".test.Person"
      label: LABEL_REPEATED
    }
  }
  message_type {
    name: "Request"
    field {
      name: "title"
      number: 1
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { required: true max_len: 5 min_len: 2 }
      }
    }
    field {
      name: "reporter"
      number: 2
      type: TYPE_MESSAGE
      type_name: ".test.Person"
      label: LABEL_OPTIONAL
    }
    field {
      name: "tags"
      number: 3
      type: TYPE_STRING
      label: LABEL_REPEATED
      options {
        [qungong.rpc.v1.rules] { max_items: 3 max_len: 4 }
      }
    }
    field {
      name: "people"
      number: 4
      type: TYPE_MESSAGE
      type_name: ".test.Person"
      label: LABEL_REPEATED
      options {
        [qungong.rpc.v1.rules] { max_items: 3 }
      }
    }
    field {
      name: "count"
      number: 5
      type: TYPE_INT32
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { min: -2 max: 9 }
      }
    }
    field {
      name: "big"
      number: 6
      type: TYPE_UINT64
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { min: -1 max: 9223372036854775807 }
      }
    }
    field {
      name: "ratio"
      number: 7
      type: TYPE_DOUBLE
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { min: 0 max: 1 }
      }
    }
    field { name: "state" number: 8 type: TYPE_ENUM type_name: ".test.State" label: LABEL_OPTIONAL }
    field {
      name: "states"
      number: 9
      type: TYPE_ENUM
      type_name: ".test.State"
      label: LABEL_REPEATED
    }
    field {
      name: "unit"
      number: 10
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { resource: "units" }
      }
    }
    field {
      name: "uuid"
      number: 11
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { pattern: UUID }
      }
    }
    field {
      name: "code"
      number: 12
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { pattern: DIVISION_CODE }
      }
    }
    field {
      name: "login"
      number: 13
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { pattern: LOGIN }
      }
    }
    field {
      name: "word"
      number: 14
      type: TYPE_STRING
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { pattern: IDENTIFIER }
      }
    }
    field {
      name: "hash"
      number: 15
      type: TYPE_BYTES
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { max_len: 4 min_len: 4 }
      }
    }
    field {
      name: "time"
      number: 16
      type: TYPE_MESSAGE
      type_name: ".google.protobuf.Timestamp"
      label: LABEL_OPTIONAL
    }
    field {
      name: "day"
      number: 17
      type: TYPE_MESSAGE
      type_name: ".google.type.Date"
      label: LABEL_OPTIONAL
    }
    field {
      name: "place"
      number: 18
      type: TYPE_MESSAGE
      type_name: ".google.type.LatLng"
      label: LABEL_OPTIONAL
    }
    field { name: "note" number: 19 type: TYPE_STRING label: LABEL_OPTIONAL }
    field {
      name: "numbers"
      number: 20
      type: TYPE_INT64
      label: LABEL_REPEATED
      options {
        [qungong.rpc.v1.rules] { min: 0 }
      }
    }
    field {
      name: "server"
      number: 21
      type: TYPE_MESSAGE
      type_name: ".test.Person"
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { output_only: true }
      }
    }
  }
  message_type {
    name: "Strict"
    field {
      name: "reporter"
      number: 1
      type: TYPE_MESSAGE
      type_name: ".test.Person"
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { required: true }
      }
    }
    field {
      name: "tags"
      number: 2
      type: TYPE_STRING
      label: LABEL_REPEATED
      options {
        [qungong.rpc.v1.rules] { required: true }
      }
    }
    field {
      name: "state"
      number: 3
      type: TYPE_ENUM
      type_name: ".test.State"
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { required: true }
      }
    }
    field {
      name: "agreed"
      number: 4
      type: TYPE_BOOL
      label: LABEL_OPTIONAL
      options {
        [qungong.rpc.v1.rules] { required: true }
      }
    }
    field {
      name: "chosen"
      number: 5
      type: TYPE_INT32
      label: LABEL_OPTIONAL
      proto3_optional: true
      oneof_index: 0
      options {
        [qungong.rpc.v1.rules] { min: 1 }
      }
    }
    oneof_decl { name: "_chosen" }
  }
)pb";

}  // namespace qungong::testing

#endif  // QUNGONG_RUNTIME_VALIDATE_TEST_FILE_H_

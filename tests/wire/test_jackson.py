"""Request bodies against the words, positions and values of the reference reader.

"Observed" rows are recorded answers of HubSpot; where only the answer was recorded, the body is
built so that the position fits. The other rows follow Jackson 2.17.2, or say that they are ours.
"""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.wire.jackson import (
    ANY,
    BATCH_ARCHIVE,
    BATCH_CREATE,
    BATCH_READ,
    BATCH_UPDATE,
    CREATE,
    FLAG,
    INT,
    LONG,
    MERGE,
    TEXT,
    TEXT_LIST,
    TEXT_MAP,
    UPDATE,
    Choice,
    Count,
    Flag,
    JsonProblem,
    JsonValue,
    ListOf,
    Record,
    Shape,
    read_json,
)

CORE = "com.hubspot.inbounddb.publicobject.core.v2."
UPDATE_CLASS = f"`{CORE}SimplePublicObjectInput$Json`"
BATCH_CLASS = "`com.hubspot.apiutils.core.models.batch.BatchInput$Json`"
INPUT_CLASS = f"`{CORE}SimplePublicObjectBatchInput$Json`"
INPUTS_TYPE = f"`java.util.ArrayList<{CORE}SimplePublicObjectBatchInput>`"
TEXTS_TYPE = "`java.util.ArrayList<java.lang.String>`"
MAP_TYPE = "`java.util.LinkedHashMap<java.lang.String,java.lang.String>`"
STRING = "`java.lang.String`"

TOKENS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
VALID = f"expected a valid value {TOKENS}"
SOURCE = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1"
FROM_OBJECT = "from Object value (token `JsonToken.START_OBJECT`)"
FROM_ARRAY = "from Array value (token `JsonToken.START_ARRAY`)"
FROM_STRING = "from String value (token `JsonToken.VALUE_STRING`)"
FROM_NULL = "from Null value (token `JsonToken.VALUE_NULL`)"
FROM_INTEGER = "from Integer value (token `JsonToken.VALUE_NUMBER_INT`)"
FROM_FLOAT = "from Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`)"
FROM_TRUE = "from Boolean value (token `JsonToken.VALUE_TRUE`)"
FROM_FALSE = "from Boolean value (token `JsonToken.VALUE_FALSE`)"
CANNOT = "Cannot deserialize value of type"
IN_NUMBER = "in numeric value"
AFTER_MINUS = "expected digit (0-9) to follow minus sign, for valid numeric value"
NO_PLUS = (
    "JSON spec does not allow numbers to have plus signs: enable "
    "`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow"
)
NAN = "enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
UNQUOTED = "has to be escaped using backslash to be included in"
ONLY_WHITE = r"only regular white space (\r, \n, \t) is allowed between tokens"
COERCION = "(but could if coercion was enabled using `CoercionConfig`)"
NAMES = "Names for properties should be lowercase and have less than 100 characters."
TRAILING = "not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
NO_COMMENT = (
    "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not "
    "enabled for parser)"
)
INT_RANGE = "out of range of int (-2147483648 - 2147483647)"
LONG_RANGE = "out of range of long (-9223372036854775808 - 9223372036854775807)"
FLAG_TEXTS = 'only "true"/"True"/"TRUE" or "false"/"False"/"FALSE" recognized'

ASSOCIATION = Record(
    "com.hubspot.inbounddb.associations.base.AssociationSpec$Json",
    {"associationCategory": TEXT, "associationTypeId": INT},
    required=("associationCategory", "associationTypeId"),
)
ASSOCIATIONS = ListOf(ASSOCIATION, "java.util.HashSet")
KIND = Choice("com.example.Kind", ("bool", "date"))
SCALARS = Record(
    "com.example.Scalars$Json",
    {
        "flag": FLAG,
        "boxed": Flag("java.lang.Boolean"),
        "int": INT,
        "long": LONG,
        "kind": KIND,
        "ints": ListOf(INT),
    },
)

Row = tuple[bytes, Shape, int, int, str]
"""Body, shape, line, column, what follows the position and its colon."""


def cannot_construct(java_class: str, argument: str, value: str) -> str:
    return (
        f"Cannot construct instance of {java_class} (although at least one Creator exists): "
        f"no {argument}-argument constructor/factory method to deserialize from {value}"
    )


def too_long(subject: str, length: int, maximum: int, getter: str) -> str:
    return (
        f"{subject} ({length}) exceeds the maximum allowed "
        f"({maximum}, from `StreamReadConstraints.{getter}()`)"
    )


EMBEDDED = '{\n  "inputs": [\n    {\n      "id": "19001"\n    }\n  ]\n}'

OBSERVED: list[Row] = [
    # Ticket update, 2023-02.
    (b'{"properties":[]}', UPDATE, 1, 15, f"{CANNOT} {MAP_TYPE} {FROM_ARRAY}"),
    # Contact batch update, 2024-04.
    (
        b'{\n  "inputs": [\n        [{"properties": {"firstname": "First1"}}]\n  ]\n}',
        BATCH_UPDATE,
        3,
        9,
        f"{CANNOT} {INPUT_CLASS} {FROM_ARRAY}",
    ),
    # A batch body sent as a JSON string, 2022-05.
    (
        json.dumps(EMBEDDED).encode(),
        BATCH_READ,
        1,
        1,
        cannot_construct(BATCH_CLASS, "String", f"String value ('{EMBEDDED}')"),
    ),
    # A property value that is an object, 2023.
    (
        b'{"properties":{"hs_email_text":"' + b"x" * 873 + b'","hs_email_headers":{}}}',
        CREATE,
        1,
        927,
        f"{CANNOT} {STRING} {FROM_OBJECT}",
    ),
    (b"[]", UPDATE, 1, 1, f"{CANNOT} {UPDATE_CLASS} {FROM_ARRAY}"),
    (b"[]", BATCH_UPDATE, 1, 1, f"{CANNOT} {BATCH_CLASS} {FROM_ARRAY}"),
    # Association labels, body not an array.
    (
        b'"x"',
        ASSOCIATIONS,
        1,
        1,
        f"{CANNOT} `java.util.HashSet<com.hubspot.inbounddb.associations.base.AssociationSpec>` "
        f"{FROM_STRING}",
    ),
    # `properties` as text, 2022-02; the recorded answer is cut off behind `LinkedHash`.
    (
        b'{"properties":"x"}',
        UPDATE,
        1,
        15,
        cannot_construct("`java.util.LinkedHashMap`", "String", "String value ('x')"),
    ),
    # Words observed, positions not.
    (b"--", UPDATE, 1, 2, f"Unexpected character ('-' (code 45)) {IN_NUMBER}: {AFTER_MINUS}"),
    (
        b"filterGroups=1",
        UPDATE,
        1,
        1,
        f"Unrecognized token 'filterGroups': was expecting {TOKENS}",
    ),
    (
        b'{\\"properties\\":{}}',
        UPDATE,
        1,
        2,
        "Unexpected character ('\\' (code 92)): was expecting double-quote to start field name",
    ),
]

NAME_DUE = "was expecting double-quote to start field name"
COLON_DUE = "was expecting a colon to separate field name and value"

STRUCTURE: list[Row] = [
    (b"{,}", ANY, 1, 2, f"Unexpected character (',' (code 44)): {NAME_DUE}"),
    (b'{"a":1,}', ANY, 1, 8, f"Unexpected character ('}}' (code 125)): {NAME_DUE}"),
    (b"{'a':1}", ANY, 1, 2, f"Unexpected character (''' (code 39)): {NAME_DUE}"),
    (b"{a:1}", ANY, 1, 2, f"Unexpected character ('a' (code 97)): {NAME_DUE}"),
    (
        "{“a”:1}".encode(),
        ANY,
        1,
        2,
        f"Unexpected character ('“' (code 8220 / 0x201c)): {NAME_DUE}",
    ),
    (b'{"a" 1}', ANY, 1, 6, f"Unexpected character ('1' (code 49)): {COLON_DUE}"),
    (
        b'{"a":1 "b":2}',
        ANY,
        1,
        8,
        "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
    ),
    (
        b"[1 2]",
        ANY,
        1,
        4,
        "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
    ),
    (b"[1,]", ANY, 1, 4, "Unexpected character (']' (code 93)): expected a value"),
    (b"[,1]", ANY, 1, 2, "Unexpected character (',' (code 44)): expected a value"),
    (b'{"a":}', ANY, 1, 6, "Unexpected character ('}' (code 125)): expected a value"),
    (b'{"a":]', ANY, 1, 6, f"Unexpected character (']' (code 93)): {VALID}"),
    (b"@", ANY, 1, 1, f"Unexpected character ('@' (code 64)): {VALID}"),
    (b"%7B%22", ANY, 1, 1, f"Unexpected character ('%' (code 37)): {VALID}"),
    (b"<html>", ANY, 1, 1, f"Unexpected character ('<' (code 60)): {VALID}"),
    (
        b"[}",
        ANY,
        1,
        2,
        f"Unexpected close marker '}}': expected ']' (for Array starting at {SOURCE}, column: 1])",
    ),
    (
        b'{"a":1]',
        ANY,
        1,
        7,
        f"Unexpected close marker ']': expected '}}' (for Object starting at {SOURCE}, column: 1])",
    ),
    (
        b"}",
        ANY,
        1,
        1,
        f"Unexpected close marker '}}': expected ']' (for root starting at {SOURCE}])",
    ),
    (
        b"]",
        ANY,
        1,
        1,
        f"Unexpected close marker ']': expected '}}' (for root starting at {SOURCE}])",
    ),
    (
        b"{",
        ANY,
        1,
        2,
        f"Unexpected end-of-input: expected close marker for Object (start marker at {SOURCE}, "
        "column: 1])",
    ),
    (
        b'{"a":[1',
        ANY,
        1,
        8,
        f"Unexpected end-of-input: expected close marker for Array (start marker at {SOURCE}, "
        "column: 6])",
    ),
    (b'{"a"', ANY, 1, 5, "Unexpected end-of-input within/between Object entries"),
    (b'{"a":', ANY, 1, 6, "Unexpected end-of-input within/between Object entries"),
    (b"[1,\n", ANY, 2, 1, "Unexpected end-of-input within/between Array entries"),
    (b"/* */{}", ANY, 1, 1, f"Unexpected character ('/' (code 47)): {NO_COMMENT}"),
    (b"[1/2]", ANY, 1, 3, f"Unexpected character ('/' (code 47)): {NO_COMMENT}"),
    (b"[\x0b1]", ANY, 1, 2, f"Illegal character ((CTRL-CHAR, code 11)): {ONLY_WHITE}"),
    (b"[\x1f1]", ANY, 1, 2, f"Illegal character ((CTRL-CHAR, code 31)): {ONLY_WHITE}"),
    (b"[\x7f]", ANY, 1, 2, f"Unexpected character ((CTRL-CHAR, code 127)): {VALID}"),
    # Lines end with CR, LF or CRLF.
    (b'{\r\n"a":\r1,\n\n"b" x}', ANY, 5, 5, f"Unexpected character ('x' (code 120)): {COLON_DUE}"),
    # Columns count bytes.
    (
        '{"é":1 x}'.encode(),
        ANY,
        1,
        9,
        "Unexpected character ('x' (code 120)): was expecting comma to separate Object entries",
    ),
    # What follows the value; a guess.
    (
        b"{} {}",
        ANY,
        1,
        4,
        f"Trailing token (of type START_OBJECT) found after value (bound as "
        f"`java.lang.Object`): {TRAILING}",
    ),
    (
        b'{}"x',
        UPDATE,
        1,
        3,
        "Trailing token (of type VALUE_STRING) found after value (bound as "
        f"{UPDATE_CLASS}): {TRAILING}",
    ),
    (
        b"[]null",
        TEXT_LIST,
        1,
        3,
        "Trailing token (of type VALUE_NULL) found after value (bound "
        f"as `java.util.ArrayList`): {TRAILING}",
    ),
    (b"{}x", ANY, 1, 3, f"Unrecognized token 'x': was expecting {TOKENS}"),
    (
        b"{}}",
        ANY,
        1,
        3,
        f"Unexpected close marker '}}': expected ']' (for root starting at {SOURCE}])",
    ),
]

WORDS: list[Row] = [
    (b"tru", ANY, 1, 1, f"Unrecognized token 'tru': was expecting {TOKENS}"),
    (b"[nul]", ANY, 1, 2, f"Unrecognized token 'nul': was expecting {TOKENS}"),
    (b"true1", ANY, 1, 1, f"Unrecognized token 'true1': was expecting {TOKENS}"),
    (b"true$", ANY, 1, 5, f"Unrecognized token '$': was expecting {TOKENS}"),
    (b'{"a":True}', ANY, 1, 6, f"Unrecognized token 'True': was expecting {TOKENS}"),
    (b"a" * 255, ANY, 1, 1, f"Unrecognized token '{'a' * 255}': was expecting {TOKENS}"),
    (b"a" * 256, ANY, 1, 1, f"Unrecognized token '{'a' * 256}...': was expecting {TOKENS}"),
    (b"[NaN]", ANY, 1, 2, f"Non-standard token 'NaN': {NAN}"),
    (b"Infinity", ANY, 1, 1, f"Non-standard token 'Infinity': {NAN}"),
    (b"-Infinity", ANY, 1, 1, f"Non-standard token '-Infinity': {NAN}"),
    (b"-INF", ANY, 1, 1, f"Non-standard token '-INF': {NAN}"),
    (b"+INF", ANY, 1, 1, f"Non-standard token '+INF': {NAN}"),
    (b"-Inf", ANY, 1, 1, f"Unrecognized token '-Inf': was expecting {TOKENS}"),
    (b"Nan", ANY, 1, 1, f"Unrecognized token 'Nan': was expecting {TOKENS}"),
    # Jackson takes the first byte of a longer character for one of its own.
    ("“a”".encode(), ANY, 1, 2, "Invalid UTF-8 start byte 0x80"),
    (b"\xff", ANY, 1, 1, f"Unrecognized token 'ÿ': was expecting {TOKENS}"),
    ("nullé".encode(), ANY, 1, 5, "Invalid UTF-8 middle byte 0xc3"),
    # Ours: byte order marks and UTF-16 are refused.
    (
        b"\xef\xbb\xbf{}",
        ANY,
        1,
        1,
        f"Unexpected character ('\ufeff' (code 65279 / 0xfeff)): {VALID}",
    ),
    (b"\xff\xfe{\x00}\x00", ANY, 1, 2, "Invalid UTF-8 start byte 0xfe"),
    (b"{\x00}\x00", ANY, 1, 2, f"Illegal character ((CTRL-CHAR, code 0)): {ONLY_WHITE}"),
]

NUMBERS: list[Row] = [
    (b"01", ANY, 1, 1, "Invalid numeric value: Leading zeroes not allowed"),
    (b"[-00]", ANY, 1, 2, "Invalid numeric value: Leading zeroes not allowed"),
    (b"[-a]", ANY, 1, 3, f"Unexpected character ('a' (code 97)) {IN_NUMBER}: {AFTER_MINUS}"),
    (b"-.5", ANY, 1, 2, f"Unexpected character ('.' (code 46)): {VALID}"),
    (b"-", ANY, 1, 2, "Unexpected end-of-input in null"),
    (b"[1,-", ANY, 1, 5, "Unexpected end-of-input in VALUE_NUMBER_INT"),
    (b'{"a":-', ANY, 1, 7, "Unexpected end-of-input in FIELD_NAME"),
    (b"-I", ANY, 1, 3, "Unexpected end-of-input in a Number value"),
    (b"-Ix", ANY, 1, 3, f"Unexpected character ('x' (code 120)) {IN_NUMBER}: {AFTER_MINUS}"),
    (b"+1", ANY, 1, 1, f"Unexpected character ('+' (code 43)) {IN_NUMBER}: {NO_PLUS}"),
    (b"+Ix", ANY, 1, 1, f"Unexpected character ('+' (code 43)) {IN_NUMBER}: {NO_PLUS}"),
    (b"+", ANY, 1, 2, "Unexpected end-of-input in a Number value"),
    (b".5", ANY, 1, 1, f"Unexpected character ('.' (code 46)): {VALID}"),
    (
        b"[1.]",
        ANY,
        1,
        4,
        f"Unexpected character (']' (code 93)) {IN_NUMBER}: Decimal point not followed by a digit",
    ),
    (
        b"1.",
        ANY,
        1,
        2,
        f"Unexpected character ('.' (code 46)) {IN_NUMBER}: Decimal point not followed by a digit",
    ),
    (
        b"[1e+x]",
        ANY,
        1,
        5,
        f"Unexpected character ('x' (code 120)) {IN_NUMBER}: "
        "Exponent indicator not followed by a digit",
    ),
    (b"[1e", ANY, 1, 4, "Unexpected end-of-input in START_ARRAY"),
    (b"[[],1e+", ANY, 1, 8, "Unexpected end-of-input in END_ARRAY"),
    (
        b"1x",
        ANY,
        1,
        2,
        "Unexpected character ('x' (code 120)): Expected space separating root-level values",
    ),
    (
        b"[" + b"1" * 1001 + b"]",
        ANY,
        1,
        2,
        too_long("Number value length", 1001, 1000, "getMaxNumberLength"),
    ),
    (
        b"-1." + b"1" * 999 + b"e1",
        ANY,
        1,
        1,
        too_long("Number value length", 1001, 1000, "getMaxNumberLength"),
    ),
    (
        b"[" * 1001,
        ANY,
        1,
        1001,
        too_long("Document nesting depth", 1001, 1000, "getMaxNestingDepth"),
    ),
    (
        b'{"a":' * 1001,
        ANY,
        1,
        5001,
        too_long("Document nesting depth", 1001, 1000, "getMaxNestingDepth"),
    ),
]

STRINGS: list[Row] = [
    (
        b'"a\nb"',
        ANY,
        1,
        3,
        f"Illegal unquoted character ((CTRL-CHAR, code 10)): {UNQUOTED} string value",
    ),
    (
        b'"a\x1f"',
        ANY,
        1,
        3,
        f"Illegal unquoted character ((CTRL-CHAR, code 31)): {UNQUOTED} string value",
    ),
    (b'{"\t":1}', ANY, 1, 3, f"Illegal unquoted character ((CTRL-CHAR, code 9)): {UNQUOTED} name"),
    (b'"\\x"', ANY, 1, 3, "Unrecognized character escape 'x' (code 120)"),
    (
        b'"\\u12g4"',
        ANY,
        1,
        6,
        "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence",
    ),
    (b'"\\u12', ANY, 1, 6, "Unexpected end-of-input in character escape sequence"),
    (b'"\\', ANY, 1, 3, "Unexpected end-of-input in character escape sequence"),
    (b'"abc', ANY, 1, 5, "Unexpected end-of-input in VALUE_STRING"),
    (b'{"', ANY, 1, 3, "Unexpected end-of-input: was expecting closing '\"' for name"),
    (b'{"ab', ANY, 1, 5, "Unexpected end-of-input in field name"),
    (b'"\xff"', ANY, 1, 2, "Invalid UTF-8 start byte 0xff"),
    (b'"\x80"', ANY, 1, 2, "Invalid UTF-8 start byte 0x80"),
    (b'"\xc3"', ANY, 1, 3, "Invalid UTF-8 middle byte 0x22"),
    (b'"\xe2\x82"', ANY, 1, 4, "Invalid UTF-8 middle byte 0x22"),
    (b'"\xe2\x82', ANY, 1, 4, "Unexpected end-of-input in VALUE_STRING"),
    # Ours: overlong forms and encoded surrogates.
    (b'"\xc0\x80"', ANY, 1, 2, "Invalid UTF-8 start byte 0xc0"),
    (b'"\xed\xa0\x80"', ANY, 1, 3, "Invalid UTF-8 middle byte 0xa0"),
    # Ours: U+0000 and lone surrogates.
    (
        b'"a\x00"',
        ANY,
        1,
        3,
        f"Illegal unquoted character ((CTRL-CHAR, code 0)): {UNQUOTED} string value",
    ),
    (
        b'"a\\u0000"',
        ANY,
        1,
        3,
        "Illegal character ((CTRL-CHAR, code 0)): not allowed in string value",
    ),
    (b'{"\\u0000":1}', ANY, 1, 3, "Illegal character ((CTRL-CHAR, code 0)): not allowed in name"),
    (b'"\\ud800"', ANY, 1, 2, "Unmatched first part of surrogate pair (0xd800)"),
    (b'"\\udc00"', ANY, 1, 2, "Unmatched second part of surrogate pair (0xdc00)"),
    (
        b'"\\uD83D\\u0041"',
        ANY,
        1,
        2,
        "Broken surrogate pair: first char 0xd83d, second 0x41; illegal combination",
    ),
    # Ours: duplicate names in any object, known or not, escaped or not.
    (b'{"a":1,"\\u0061":2}', ANY, 1, 8, "Duplicate field 'a'"),
    (b'{"x":{"b":1,"b":2}}', UPDATE, 1, 13, "Duplicate field 'b'"),
    (b'{"properties":{"b":1,"b":2}}', UPDATE, 1, 22, "Duplicate field 'b'"),
    (
        b'{"' + b"a" * 50_001 + b'":1}',
        ANY,
        1,
        2,
        too_long("Name length", 50_001, 50_000, "getMaxNameLength"),
    ),
    (
        b'"' + b"a" * 20_000_001 + b'"',
        ANY,
        1,
        1,
        too_long("String value length", 20_000_001, 20_000_000, "getMaxStringLength"),
    ),
]

SHAPES: list[Row] = [
    (b'"x"', UPDATE, 1, 1, cannot_construct(UPDATE_CLASS, "String", "String value ('x')")),
    (b'" x "', UPDATE, 1, 1, cannot_construct(UPDATE_CLASS, "String", "String value ('x')")),
    (b'""', UPDATE, 1, 1, f'Cannot coerce empty String ("") to {UPDATE_CLASS} value {COERCION}'),
    (b"5", UPDATE, 1, 1, cannot_construct(UPDATE_CLASS, "int/Int", "Number value (5)")),
    (b"-0", UPDATE, 1, 1, cannot_construct(UPDATE_CLASS, "int/Int", "Number value (0)")),
    (
        b"2147483648",
        UPDATE,
        1,
        1,
        cannot_construct(UPDATE_CLASS, "long/Long", "Number value (2147483648)"),
    ),
    (
        b"9223372036854775808",
        UPDATE,
        1,
        1,
        cannot_construct(UPDATE_CLASS, "BigInteger", "Number value (9223372036854775808)"),
    ),
    (b"1.50", UPDATE, 1, 1, cannot_construct(UPDATE_CLASS, "double/Double", "Number value (1.5)")),
    (
        b"1e22",
        UPDATE,
        1,
        1,
        cannot_construct(UPDATE_CLASS, "double/Double", "Number value (1.0E22)"),
    ),
    (
        b"true",
        UPDATE,
        1,
        1,
        cannot_construct(UPDATE_CLASS, "boolean/Boolean", "boolean value (true)"),
    ),
    (
        b'{"inputs":["5"]}',
        BATCH_UPDATE,
        1,
        12,
        cannot_construct(INPUT_CLASS, "String", "String value ('5')"),
    ),
    (b'{"inputs":{}}', BATCH_UPDATE, 1, 11, f"{CANNOT} {INPUTS_TYPE} {FROM_OBJECT}"),
    (b'{"inputs":"x"}', BATCH_UPDATE, 1, 11, f"{CANNOT} {INPUTS_TYPE} {FROM_STRING}"),
    (b'{"inputs":""}', BATCH_UPDATE, 1, 11, f"{CANNOT} {INPUTS_TYPE} {FROM_STRING}"),
    (b'{"inputs":1}', BATCH_UPDATE, 1, 11, f"{CANNOT} {INPUTS_TYPE} {FROM_INTEGER}"),
    # A guess: Jackson itself takes null elements.
    (b'{"inputs":[null]}', BATCH_UPDATE, 1, 12, f"{CANNOT} {INPUT_CLASS} {FROM_NULL}"),
    (b'{"properties":[null]}', BATCH_READ, 1, 16, f"{CANNOT} {STRING} {FROM_NULL}"),
    (b'{"ints":[null]}', SCALARS, 1, 10, f"{CANNOT} `java.lang.Integer` {FROM_NULL}"),
    (b'{"properties":{}}', BATCH_READ, 1, 15, f"{CANNOT} {TEXTS_TYPE} {FROM_OBJECT}"),
    (
        b'{"properties":"x"}',
        BATCH_READ,
        1,
        15,
        cannot_construct("`java.util.ArrayList`", "String", "String value ('x')"),
    ),
    (b'{"properties":[[]]}', BATCH_READ, 1, 16, f"{CANNOT} {STRING} {FROM_ARRAY}"),
    (b'{"properties":1}', UPDATE, 1, 15, f"{CANNOT} {MAP_TYPE} {FROM_INTEGER}"),
    (b'{"properties":1.5}', UPDATE, 1, 15, f"{CANNOT} {MAP_TYPE} {FROM_FLOAT}"),
    (b'{"properties":false}', UPDATE, 1, 15, f"{CANNOT} {MAP_TYPE} {FROM_FALSE}"),
    (
        b'{"properties":""}',
        UPDATE,
        1,
        15,
        f'Cannot coerce empty String ("") to element of `java.util.LinkedHashMap` {COERCION}',
    ),
    (b'{"properties":{"a":[1]}}', UPDATE, 1, 20, f"{CANNOT} {STRING} {FROM_ARRAY}"),
    (b'{"inputs":[{"id":{}}]}', BATCH_ARCHIVE, 1, 18, f"{CANNOT} {STRING} {FROM_OBJECT}"),
    (b'{"flag":1.5}', SCALARS, 1, 9, f"{CANNOT} `boolean` {FROM_FLOAT}"),
    (b'{"flag":"yes"}', SCALARS, 1, 9, f'{CANNOT} `boolean` from String "yes": {FLAG_TEXTS}'),
    (
        b'{"boxed":" yes "}',
        SCALARS,
        1,
        10,
        f'{CANNOT} `java.lang.Boolean` from String "yes": only "true" or "false" recognized',
    ),
    (b'{"int":true}', SCALARS, 1, 8, f"{CANNOT} `int` {FROM_TRUE}"),
    (b'{"int":"x"}', SCALARS, 1, 8, f'{CANNOT} `int` from String "x": not a valid `int` value'),
    (b'{"int":2147483648}', SCALARS, 1, 8, f"Numeric value (2147483648) {INT_RANGE}"),
    (b'{"int":1e400}', SCALARS, 1, 8, f"Numeric value (1e400) {INT_RANGE}"),
    (
        b'{"int":"2147483648"}',
        SCALARS,
        1,
        8,
        f'{CANNOT} `int` from String "2147483648": Overflow: numeric value (2147483648) '
        "out of range of int (-2147483648 -2147483647)",
    ),
    (
        b'{"long":9223372036854775808}',
        SCALARS,
        1,
        9,
        f"Numeric value (9223372036854775808) {LONG_RANGE}",
    ),
    (
        b'{"long":"' + b"9" * 501 + b'"}',
        SCALARS,
        1,
        9,
        f'{CANNOT} `long` from String "{"9" * 500}]...[{"9" * 500}": not a valid `long` value',
    ),
    (
        b'{"kind":"Bool"}',
        SCALARS,
        1,
        9,
        f'{CANNOT} `com.example.Kind` from String "Bool": '
        "not one of the values accepted for Enum class: [bool, date]",
    ),
    # Ours: Jackson takes a number as the place of the constant.
    (b'{"kind":0}', SCALARS, 1, 9, f"{CANNOT} `com.example.Kind` {FROM_INTEGER}"),
    # The first fault in the text is told, of whatever sort.
    (b'{"properties":[}', UPDATE, 1, 15, f"{CANNOT} {MAP_TYPE} {FROM_ARRAY}"),
    (
        b'{"x":[1,{"y":}],"properties":[]}',
        UPDATE,
        1,
        14,
        "Unexpected character ('}' (code 125)): expected a value",
    ),
]
REFUSED = [*OBSERVED, *STRUCTURE, *WORDS, *NUMBERS, *STRINGS, *SHAPES]

WHOLE_OBJECTS: list[tuple[bytes, Shape, str]] = [
    # Observed: line items 2023-07, an engagement 2023-11, association labels 2023-01, `{}`.
    (
        b'{"inputs":[{"properties":{"name":"' + b"x" * 154 + b'"}}]}',
        BATCH_UPDATE,
        "1, column 191. Some required fields were not set: [id]",
    ),
    (
        b'{"x":"' + b"x" * 84 + b'"}',
        Record("E", {"type": TEXT}, required=("type",)),
        "1, column 92. Some required fields were not set: [type]",
    ),
    (
        b"[{}]",
        ASSOCIATIONS,
        "1, column 3. Some required fields were not set: [associationCategory, associationTypeId]",
    ),
    (
        b"{}",
        MERGE,
        "1, column 2. Some required fields were not set: [primaryObjectId, objectIdToMerge]",
    ),
    # Observed: a note, 2023-05.
    (
        b'{"properties":{"hsTimestamp":"1","hsNoteBody":"' + b"x" * 46 + b'","hubspotOwnerId":1}}',
        CREATE,
        f"1, column 115: {NAMES} Invalid names: [hsTimestamp, hsNoteBody, hubspotOwnerId]",
    ),
    # A null is as good as nothing (a guess); later inputs are not looked at.
    (
        b'{"inputs":[\n{"id":null},{"id":[]}]}',
        BATCH_ARCHIVE,
        "2, column 11. Some required fields were not set: [id]",
    ),
    (
        b'{"primaryObjectId":1}',
        MERGE,
        "1, column 21. Some required fields were not set: [objectIdToMerge]",
    ),
    (
        b'{"properties":{"' + b"a" * 100 + b'":1,"ok":1}}',
        UPDATE,
        f"1, column 128: {NAMES} Invalid names: [{'a' * 100}]",
    ),
    # Both at once, missing fields first: a guess.
    (
        b'{"inputs":[{"properties":{"A":1}}]}',
        BATCH_UPDATE,
        "1, column 33. Some required fields were not set: [id]",
    ),
    (
        b'{"inputs":[{"properties":{"A":1}}]}',
        BATCH_CREATE,
        f"1, column 33: {NAMES} Invalid names: [A]",
    ),
]

READ: list[tuple[bytes, Shape, JsonValue]] = [
    (b"{}", UPDATE, {}),
    (b" \r\n\t{ } \n", UPDATE, {}),
    (b'{"properties":{}}', UPDATE, {"properties": {}}),
    (b'{"properties":null}', UPDATE, {"properties": {}}),
    (
        b'{"properties":{"a":12.10,"b":true,"c":false,"d":1e2,"e":-0,"f":null,"g":""}}',
        UPDATE,
        {
            "properties": {
                "a": "12.10",
                "b": "true",
                "c": "false",
                "d": "1e2",
                "e": "-0",
                "f": None,
                "g": "",
            }
        },
    ),
    (b'{"properties":{"' + b"a" * 99 + b'":1}}', UPDATE, {"properties": {"a" * 99: "1"}}),
    (b"{}", BATCH_UPDATE, {}),
    (b'{"inputs":null}', BATCH_UPDATE, {"inputs": []}),
    (b'{"inputs":[]}', BATCH_UPDATE, {"inputs": []}),
    (b'{"id":"1","properties":{"A":1}}', BATCH_UPDATE, {}),
    (
        b'{"inputs":[{"id":7,"0":{"A":[1]},"idProperty":null},{"id":"01"}]}',
        BATCH_UPDATE,
        {"inputs": [{"id": "7", "idProperty": None}, {"id": "01"}]},
    ),
    (
        b'{"properties":["a",1],"inputs":[{"id":true}]}',
        BATCH_READ,
        {"properties": ["a", "1"], "inputs": [{"id": "true"}]},
    ),
    (
        b'{"associations":[{"to":{"id":1.0},"types":[null,true]}],"properties":{}}',
        ANY,
        {"associations": [{"to": {"id": "1.0"}, "types": [None, True]}], "properties": {}},
    ),
    (
        b'{"associations":[{"to":{"id":1.0},"types":[{"associationCategory":"WORK",'
        b'"associationTypeId":"3"}]},{"to":{"id":"2"},"types":null}],"properties":{}}',
        CREATE,
        {
            "associations": [
                {
                    "to": {"id": "1.0"},
                    "types": [{"associationCategory": "WORK", "associationTypeId": 3}],
                },
                {"to": {"id": "2"}, "types": []},
            ],
            "properties": {},
        },
    ),
    (b'{"A":"\\ud83d\\ude00\\u00e9\\/\\b"}', TEXT_MAP, {"A": "😀é/\b"}),
    (
        b'{"flag":" True ","boxed":-0,"int":-1.9,"long":" +5 ","kind":"date","ints":["2"]}',
        SCALARS,
        {"flag": True, "boxed": False, "int": -1, "long": 5, "kind": "date", "ints": [2]},
    ),
    (
        b'{"flag":null,"boxed":"","int":null,"long":" ","kind":null,"ints":null}',
        SCALARS,
        {"flag": None, "boxed": None, "int": None, "long": None, "kind": None, "ints": []},
    ),
    (
        b'{"int":2147483647,"long":-9223372036854775808}',
        SCALARS,
        {"int": 2**31 - 1, "long": -(2**63)},
    ),
    (b"5", Count("int", 0, 5), 5),
    (b'"-' + b"0" * 5000 + b'5"', INT, -5),
    (b"null", ANY, None),
    (b"12 ", TEXT, "12"),
]


@pytest.mark.parametrize(("body", "shape", "line", "column", "reason"), REFUSED)
def test_a_fault_is_told_in_jacksons_words_at_its_place_without_category(
    body: bytes, shape: Shape, line: int, column: int, reason: str
) -> None:
    message = f"Invalid input JSON on line {line}, column {column}: {reason}"

    assert read_json(body, shape) == JsonProblem(message, None, line, column)


@pytest.mark.parametrize(("body", "shape", "rest"), WHOLE_OBJECTS)
def test_checks_of_a_whole_object_are_told_at_its_brace_as_validation_errors(
    body: bytes, shape: Shape, rest: str
) -> None:
    problem = read_json(body, shape)

    assert isinstance(problem, JsonProblem)
    assert problem.message == f"Invalid input JSON on line {rest}"
    assert problem.category == "VALIDATION_ERROR"


@pytest.mark.parametrize(("body", "shape", "value"), READ)
def test_a_body_that_fits_its_shape_is_read_with_its_spelling(
    body: bytes, shape: Shape, value: JsonValue
) -> None:
    assert read_json(body, shape) == value


@pytest.mark.parametrize("shape", [UPDATE, BATCH_UPDATE, ANY])
def test_no_body_and_a_blank_body_are_told_apart(shape: Shape) -> None:
    no_body = "Invalid JSON input: a request body was expected, but none found"
    no_content = "Invalid input JSON: No content (empty input stream)"

    assert read_json(b"", shape) == JsonProblem(no_body, "VALIDATION_ERROR")
    assert read_json(b" \n", shape) == JsonProblem(no_content, None)


def test_a_null_body_is_no_body() -> None:
    problem = read_json(b"null", UPDATE)

    assert isinstance(problem, JsonProblem)
    assert problem.message == "Invalid JSON input: a request body was expected, but none found"


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (b"[" * 1000 + b"]" * 1000, ANY),
        (b"1" * 1000, ANY),
        (b"-" + b"1" * 500 + b"." + b"1" * 500, ANY),
        (b'{"' + b"a" * 50_000 + b'":1}', ANY),
        (b'"' + b"a" * 20_000_000 + b'"', TEXT),
    ],
)
def test_a_body_at_a_limit_is_read(body: bytes, shape: Shape) -> None:
    assert not isinstance(read_json(body, shape), JsonProblem)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'"' + b"\\n" * 500_000,
        b"\r\n" * 500_000 + b"x",
        b"a" * 1_000_000,
        b"1" * 1_000_000,
        b'"' + b"\\u00e9" * 160_000 + b'"x',
        b"[" + b"[]," * 50_000,
    ],
)
def test_a_hostile_megabyte_is_answered_in_time_that_grows_with_its_length(body: bytes) -> None:
    started_at = time.perf_counter()

    result = read_json(body, ANY)

    assert isinstance(result, JsonProblem)
    assert time.perf_counter() - started_at < 5


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
NUMBERS_TEXT = st.one_of(
    st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False)
)
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS_TEXT, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_any_json_reads_as_the_standard_library_reads_it(
    value: object, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    expected = json.loads(text, parse_int=str, parse_float=str)

    assert read_json(text.encode(), ANY) == expected


@given(
    st.one_of(
        st.binary(max_size=40),
        st.text('{}[]:,"\\ \r\n0123456789-+.eEtrufalsnIN\x01é“', max_size=40).map(str.encode),
    ),
    st.sampled_from([ANY, UPDATE, CREATE, BATCH_UPDATE, BATCH_READ, SCALARS, TEXT_LIST]),
)
def test_no_bytes_raise_and_every_position_lies_in_the_body(body: bytes, shape: Shape) -> None:
    result = read_json(body, shape)

    if isinstance(result, JsonProblem) and result.line is not None:
        assert result.column is not None
        lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        assert 1 <= result.line <= len(lines)
        assert 1 <= result.column <= len(lines[result.line - 1]) + 1


@given(JSON_VALUES, st.data())
def test_a_text_cut_short_is_refused_and_never_read_as_something_else(
    value: object, data: st.DataObject
) -> None:
    body = json.dumps([value]).encode()

    end = data.draw(st.integers(1, len(body) - 1))

    assert isinstance(read_json(body[:end], ANY), JsonProblem)

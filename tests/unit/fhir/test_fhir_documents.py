"""R4 JSON, NDJSON, bundles and references."""

from __future__ import annotations

import io
import itertools
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedark.errors import Unparsable
from codedark.fhir import (
    bundle_lines,
    decode,
    deletion_lines,
    encode,
    one_line,
    parse_reference,
    read_ndjson,
    resource,
    split_bundle,
)


def test_decimal_keeps_its_trailing_zero() -> None:
    assert encode(decode(b'{"value":1.10}')) == b'{"value":1.10}'


def test_decimal_is_not_a_float() -> None:
    assert decode(b"[0.1]") == [Decimal("0.1")]


def test_integer_beyond_64_bits_keeps_its_digits() -> None:
    assert encode(decode(b"[12345678901234567890123]")) == b"[12345678901234567890123]"


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_any_decimal_keeps_its_value_and_digits(number: Decimal) -> None:
    back = decode(encode([number]))[0]
    assert Decimal(back).as_tuple() == number.as_tuple() or (isinstance(back, int) and back == number)


@pytest.mark.parametrize("bad", [b"", b"{", b"[NaN]", b'"\xff"', b"{} x", b'{"a":"x\ny"}', b"[" * 200_000])
def test_damaged_json_is_unparsable(bad: bytes) -> None:
    with pytest.raises(Unparsable):
        decode(bad)


def test_error_names_no_content() -> None:
    with pytest.raises(Unparsable) as caught:
        decode(b'{"name":"SMITH" "x"')
    assert "SMITH" not in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [b"[]", b"{}", b'{"resourceType":7}', b'{"resourceType":"patient"}', b'{"resourceType":"Patient","id":"a b"}'],
)
def test_what_is_no_resource_is_unparsable(bad: bytes) -> None:
    with pytest.raises(Unparsable):
        resource(bad)


def test_unknown_field_of_a_resource_is_kept() -> None:
    assert resource(b'{"resourceType":"Patient","newField":{"a":[1.0]}}')["newField"] == {"a": [Decimal("1.0")]}


def test_blank_lines_count_but_are_not_lines() -> None:
    assert list(read_ndjson(b'{"a":1}\r\n\n  \n{"b":2}')) == [(1, b'{"a":1}'), (4, b'{"b":2}')]


def test_byte_order_mark_is_not_part_of_the_first_line() -> None:
    assert list(read_ndjson(b"\xef\xbb\xbf{}\n")) == [(1, b"{}")]


def test_stream_and_bytes_give_the_same_lines() -> None:
    data = b'{"a":1}\n\n{"b":2}\n'
    assert list(read_ndjson(io.BytesIO(data))) == list(read_ndjson(data))


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=8))
def test_lines_do_not_depend_on_the_cuts(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(data)]
    chunks = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert list(read_ndjson(chunks)) == list(read_ndjson(data))


def test_bundle_resource_is_its_own_bytes() -> None:
    data = b'{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:A","resource":{"resourceType":"X", "v": 1.10}}]}'
    assert split_bundle(data) == [(0, b'{"resourceType":"X", "v": 1.10}', "urn:uuid:A")]


def test_bundle_entry_without_resource_is_left_out_and_the_index_stays() -> None:
    data = b'{"resourceType":"Bundle","entry":[{"request":{}},{"resource":null},{"resource":{"id":"1"}}]}'
    assert [entry.number for entry in split_bundle(data)] == [2]


@pytest.mark.parametrize("bad", [b"", b"[]", b'{"resourceType":"Patient"}', b'{"resourceType":"Bundle","entry":3}'])
def test_what_is_no_bundle_is_unparsable(bad: bytes) -> None:
    with pytest.raises(Unparsable):
        split_bundle(bad)


def test_line_of_a_bundle_is_the_plain_resource_when_the_full_url_tells_nothing_more() -> None:
    data = b'{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:a1","resource":{"resourceType":"X",\n "id":"a1"}}]}'
    assert bundle_lines(data) == [(0, b'{"resourceType":"X", "id":"a1"}')]


def test_line_of_a_bundle_keeps_a_full_url_that_differs_from_the_id() -> None:
    data = b'{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:a1","resource":{"resourceType":"X","id":"b"}}]}'
    (line,) = bundle_lines(data)
    assert json.loads(line[1]) == {"fullUrl": "urn:uuid:a1", "resource": {"resourceType": "X", "id": "b"}}


def test_one_line_changes_only_white_space() -> None:
    pretty = json.dumps({"a": [1, {"b": "x\\ny  z"}]}, indent=2).replace("\n", "\r\n").encode()
    line = one_line(pretty)
    assert (b"\n" in line, json.loads(line)) == (False, json.loads(pretty))


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("Patient/7", ("Patient", "7", False)),
        ("https://ehr.example/r4/Patient/7/_history/2", ("Patient", "7", False)),
        ("urn:uuid:AB-1", ("", "ab-1", False)),
        ("urn:oid:1.2.3", ("", "1.2.3", False)),
        ("#med", ("", "med", True)),
        ("Practitioner?identifier=http://x|1", None),
        ("", None),
        ("7", None),
        ("http://x/a b/c d", None),
    ],
)
def test_reference_names_its_target(reference: str, target: object) -> None:
    assert parse_reference(reference) == target


def test_an_entry_that_deletes_is_a_line_of_its_own() -> None:
    gone = b'{"request": {"method": "DELETE", "url": "X/b"}, "response": {"lastModified": "2026-11-24T03:12:00Z"}}'
    data = b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "X", "id": "a"}}, ' + gone + b"]}"
    assert bundle_lines(data)[1] == (1, gone)


@pytest.mark.parametrize("entry", [b'{"request": {"method": "GET"}}', b'{"request": ["DELETE"]}'])
def test_an_entry_of_another_form_spoils_no_neighbour(entry: bytes) -> None:
    data = b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "X"}}, ' + entry + b"]}"
    assert [number for number, _ in bundle_lines(data)] == [0]


def test_deletions_are_found_beside_a_resource() -> None:
    gone = b'{"request": {"method": "DELETE"}}'
    data = b'{"resourceType": "Bundle", "entry": [{"resource": {"id": "a"}}, ' + gone + b"]}"
    assert deletion_lines(data) == [gone]

"""Suites that try to make Great Expectations run, read or fetch something: each would leave a mark if it did."""

from __future__ import annotations

from typing import Any

Expectation = dict[str, Any]

RUN = "__import__('os').system('touch MARK')"
"""What an attacker wants to be run; MARK and PORT stand for a file and a port of the test."""

COLUMN = "expect_column_values_to_not_be_null"
SCHEMA = "expect_column_values_to_match_json_schema"
ROWS = "expect_table_row_count_to_be_between"
PASS_THROUGH = {"type": "pass_through", "pass_through_filter": f"@pd.io.common.os.system('touch MARK') == 0 or {RUN}"}
IS_1 = {"type": "comparison", "column": {"name": "x"}, "operator": "==", "parameter": 1}

TEXTS = {
    "at pd": "@pd.io.common.os.system('touch MARK') == 0",
    "at builtins": "@__builtins__['eval'](\"" + RUN + '")',
    "import": RUN,
    "method": "x.map(@pd.io.common.os.system('touch MARK'))",
    "chained": "x.array.__class__.__init__.__globals__['os'].system('touch MARK') == 0",
    "pickle": "@pd.read_pickle('http://127.0.0.1:PORT/x') == 0",
    "fetched": "@pd.read_csv('http://127.0.0.1:PORT/x').empty",
    "written": "x.to_csv('MARK') == 0",
    "assignment": "x = @pd.io.common.os.system('touch MARK')",
    "sql": "1=1; COPY (SELECT 1) TO 'MARK'",
    "col": "col('x') > 1",
    "empty": "",
    "innocent": "x > 1",
}
PARSERS = (
    "pandas",
    "python",
    "spark",
    "sqlalchemy",
    "great_expectations",
    "great_expectations__experimental__",
    "",
    None,
)

CONDITIONS: dict[str, Any] = {
    "pass through": PASS_THROUGH,
    "pass through without a type": {"pass_through_filter": PASS_THROUGH["pass_through_filter"]},
    "pass through among others": {"type": "and", "conditions": [IS_1, PASS_THROUGH]},
    "pass through deep inside": {"type": "or", "conditions": [{"type": "and", "conditions": [IS_1, PASS_THROUGH]}]},
    "a filter beside a comparison": {**IS_1, "pass_through_filter": PASS_THROUGH["pass_through_filter"]},
    "text among others": {"type": "and", "conditions": [IS_1, TEXTS["at pd"]]},
    "code for an operator": {**IS_1, "operator": f"== 1 or {RUN} or x =="},
    "lower-case operator": {**IS_1, "operator": "in", "parameter": [RUN]},
    "object for a parameter": {**IS_1, "parameter": {"$PARAMETER": RUN}},
    "object in a list": {**IS_1, "operator": "IN", "parameter": [1, {"__class__": RUN}]},
    "text for a list": {**IS_1, "operator": "IN", "parameter": RUN},
    "text for a column": {**IS_1, "column": RUN},
    "more than a name": {**IS_1, "column": {"name": "x", "dtype": RUN}},
    "name that is no text": {**IS_1, "column": {"name": [RUN]}},
    "list of conditions": [IS_1, PASS_THROUGH],
    "no conditions": {"type": "and", "conditions": []},
    "101 conditions": {"type": "and", "conditions": [IS_1] * 101},
    "infinite parameter": {**IS_1, "parameter": float("inf")},
    "null parameter": {**IS_1, "parameter": None},
    "number": 7,
}


def _nested(levels: int) -> dict[str, Any]:
    condition: dict[str, Any] = IS_1
    for _ in range(levels):
        condition = {"type": "and", "conditions": [condition]}
    return condition


CONDITIONS["150 levels"] = _nested(150)

KWARGS: dict[str, tuple[str, dict[str, Any]]] = {
    "result format with rows": (COLUMN, {"column": "x", "result_format": {"result_format": "COMPLETE"}}),
    "result format as code": (COLUMN, {"column": "x", "result_format": RUN}),
    "exceptions raised": (COLUMN, {"column": "x", "catch_exceptions": False}),
    "another batch": (COLUMN, {"column": "x", "batch_id": "default_pandas_datasource-#ephemeral_pandas_asset"}),
    "another table": (COLUMN, {"column": "x", "table": "other"}),
    "map_metric": (COLUMN, {"column": "x", "map_metric": "column_values.in_set"}),
    "metric_dependencies": (ROWS, {"min_value": 0, "metric_dependencies": ["column.max"]}),
    "windows": (ROWS, {"min_value": 0, "windows": [{"constraint_fn": "mean", "parameter_name": "x"}]}),
    "rendered content": (COLUMN, {"column": "x", "rendered_content": [{"name": "x", "value": {"template": RUN}}]}),
    "module and class": (COLUMN, {"column": "x", "module_name": "os", "class_name": "system"}),
    "private callback": (COLUMN, {"column": "x", "_save_callback": RUN}),
    "dunder": (COLUMN, {"column": "x", "__class__": {"__init__": RUN}}),
    "metadata of the library": (
        "expect_column_unique_value_count_to_be_between",
        {"column": "x", "min_value": 0, "library_metadata": {"requirements": ["evil"]}},
    ),
    "dates parsed": ("expect_column_values_to_be_between", {"column": "x", "parse_strings_as_datetimes": True}),
    "parameter for a bound": (
        "expect_column_values_to_be_between",
        {"column": "x", "min_value": {"$PARAMETER": f"now() - {RUN}"}},
    ),
    "parameter for mostly": (COLUMN, {"column": "x", "mostly": {"$PARAMETER": "urn:great_expectations:metrics:x"}}),
    "parameter in a set": (
        "expect_column_values_to_be_in_set",
        {"column": "x", "value_set": {"$PARAMETER": "urn:great_expectations:stores:x:y"}},
    ),
    "parameter among values": (
        "expect_column_values_to_be_in_set",
        {"column": "x", "value_set": [1, {"$PARAMETER": RUN}]},
    ),
    "parameter in a partition": (
        "expect_column_kl_divergence_to_be_less_than",
        {"column": "x", "partition_object": {"bins": {"$PARAMETER": RUN}, "weights": [1]}, "threshold": 1},
    ),
    "parameter in quantiles": (
        "expect_column_quantile_values_to_be_between",
        {"column": "x", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, {"$PARAMETER": RUN}]]}},
    ),
    "parameter of our own": (
        "expect_column_class_proportions_to_be_between",
        {"column": "x", "bands": {"$PARAMETER": [0, 1]}},
    ),
    "interpolation": (
        "expect_column_quantile_values_to_be_between",
        {
            "column": "x",
            "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]},
            "allow_relative_error": RUN,
        },
    ),
    "type by its path": ("expect_column_values_to_be_of_type", {"column": "x", "type_": "io.common.os.system"}),
    "private type": ("expect_column_values_to_be_of_type", {"column": "x", "type_": "__builtins__"}),
    "types by paths": ("expect_column_values_to_be_in_type_list", {"column": "x", "type_list": ["int64", "_libs.lib"]}),
    "record type": ("expect_column_values_to_be_of_type", {"column": "x", "type_": "(99999,99999)f8,i4"}),
    "remote reference": (SCHEMA, {"column": "j", "json_schema": {"$ref": "http://127.0.0.1:PORT/x.json"}}),
    "reference to a file": (SCHEMA, {"column": "j", "json_schema": {"$ref": "file:///etc/passwd"}}),
    "reference deep inside": (
        SCHEMA,
        {"column": "j", "json_schema": {"properties": {"a": {"items": [{"$ref": "http://127.0.0.1:PORT/x.json"}]}}}},
    ),
    "dynamic reference": (SCHEMA, {"column": "j", "json_schema": {"$dynamicRef": "http://127.0.0.1:PORT/x#a"}}),
    "recursive reference": (SCHEMA, {"column": "j", "json_schema": {"$recursiveRef": "http://127.0.0.1:PORT/x"}}),
    "address of the schema": (
        SCHEMA,
        {"column": "j", "json_schema": {"$id": "http://127.0.0.1:PORT/", "anyOf": [{"$ref": "x.json"}]}},
    ),
    "old schema's types": (
        SCHEMA,
        {
            "column": "j",
            "json_schema": {
                "$schema": "http://json-schema.org/draft-03/schema#",
                "type": [{"$ref": "http://127.0.0.1:PORT/x.json"}],
            },
        },
    ),
    "old schema's extends": (
        SCHEMA,
        {
            "column": "j",
            "json_schema": {
                "$schema": "http://json-schema.org/draft-03/schema#",
                "extends": {"$ref": "http://127.0.0.1:PORT/x.json"},
            },
        },
    ),
    "schema that multiplies": (
        SCHEMA,
        {
            "column": "j",
            "json_schema": {
                "$defs": {f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 9} for level in range(12)},
                "$ref": "#/$defs/d0",
            },
        },
    ),
    "schema with a pattern": (SCHEMA, {"column": "j", "json_schema": {"pattern": "(a+)+$"}}),
    "schema with pattern properties": (SCHEMA, {"column": "j", "json_schema": {"patternProperties": {"(a+)+$": {}}}}),
    "schema of 501 parts": (SCHEMA, {"column": "j", "json_schema": {"enum": [0] * 501}}),
    "schema that is a list": (SCHEMA, {"column": "j", "json_schema": [{"$ref": "http://127.0.0.1:PORT/x.json"}]}),
    "fuzzy pattern": ("expect_column_values_to_match_regex", {"column": "s", "regex": "(?:aaaa){e<=9}"}),
    "pattern with a named list": ("expect_column_values_to_match_regex", {"column": "s", "regex": r"\L<names>"}),
    "pattern of 1,001 letters": ("expect_column_values_to_match_regex", {"column": "s", "regex": "a" * 1001}),
    "pattern that is none": ("expect_column_values_to_match_regex_list", {"column": "s", "regex_list": ["("]}),
    "date format of many directives": (
        "expect_column_values_to_match_strftime_format",
        {"column": "s", "strftime_format": "%d" * 13},
    ),
    "a million values and one": (
        "expect_column_values_to_be_in_set",
        {"column": "x", "value_set": [0] * 1_000_001},
    ),
    "number that is too large": ("expect_column_values_to_be_between", {"column": "x", "min_value": 10**400}),
    "flag for a number": ("expect_column_values_to_be_between", {"column": "x", "min_value": True}),
    "text of 10,001 letters": (COLUMN, {"column": "x" * 10_001}),
}

TYPES: dict[str, Expectation] = {
    "query": {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "COPY (SELECT 1) TO 'MARK'"}},
    "query with rows": {
        "type": "unexpected_rows_expectation",
        "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch}", "row_condition": PASS_THROUGH},
    },
    "comparison with another source": {
        "type": "expect_query_results_to_match_comparison",
        "kwargs": {"base_query": "SELECT 1", "comparison_data_source_name": "x", "comparison_query": "SELECT 1"},
    },
    "another table": {"type": "expect_table_row_count_to_equal_other_table", "kwargs": {"other_table_name": "x"}},
    "dotted type": {"type": "os.system", "kwargs": {"command": "touch MARK"}},
    "type by its class": {"type": "ExpectColumnValuesToNotBeNull", "kwargs": {"column": "x"}},
    "abstract type": {"type": "query_expectation", "kwargs": {}},
    "no type": {"kwargs": {}},
    "type that is a list": {"type": ["expect_column_to_exist"], "kwargs": {}},
    "kwargs that are text": {"type": COLUMN, "kwargs": RUN},
    "severity": {"type": COLUMN, "kwargs": {"column": "x"}, "severity": RUN},
    "notes": {"type": COLUMN, "kwargs": {"column": "x"}, "notes": {"template": RUN}},
    "meta": {"type": COLUMN, "kwargs": {"column": "x"}, "meta": RUN},
}


ON_ROWS: list[tuple[str, dict[str, Any]]] = [(COLUMN, {"column": "x"}), (ROWS, {"min_value": 0})]


def hostile() -> dict[str, Expectation]:
    """Return all of them by name."""
    texts = {
        f"{name}, parser {parser!r}": {
            "type": COLUMN,
            "kwargs": {"column": "x", "row_condition": text, "condition_parser": parser},
        }
        for name, text in TEXTS.items()
        for parser in PARSERS
        if text or parser
    }
    conditions = {
        f"condition: {name}, {kind}": {"type": kind, "kwargs": {**kwargs, "row_condition": condition}}
        for name, condition in CONDITIONS.items()
        for kind, kwargs in ON_ROWS
    }
    kwargs = {f"keyword: {name}": {"type": kind, "kwargs": kwargs} for name, (kind, kwargs) in KWARGS.items()}
    return {**texts, **conditions, **kwargs, **{f"expectation: {name}": one for name, one in TYPES.items()}}

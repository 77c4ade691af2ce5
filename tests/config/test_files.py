from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import BalanceConfig, SourceConfig
from counterpoise.config._files import _PATTERNS, build_config, build_section, load_config
from counterpoise.errors import ConfigError

SMALLEST: dict[str, Any] = {"name": "fraud", "source": {"path": "data.csv"}, "columns": {"target": "label"}}


def problems_of(error: ConfigError) -> dict[str, str]:
    return {problem["field"]: f"{problem['found']}, {problem['allowed']}" for problem in error.values["problems"]}


def refused(values: dict[str, Any], *overrides: str) -> dict[str, str]:
    with pytest.raises(ConfigError, match="config") as caught:
        build_config(values, overrides)
    return problems_of(caught.value)


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_file_gives_the_configuration_that_its_mapping_gives(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, yaml.safe_dump(SMALLEST))) == build_config(SMALLEST)


def test_a_published_configuration_is_read_back_as_it_was(tmp_path: Path) -> None:
    config = build_config(SMALLEST, ["split.test_size=0.3", "source.types={zip: string}"])
    assert load_config(write(tmp_path, yaml.safe_dump(config.published()))) == config


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, b"\xef\xbb\xbf" + yaml.safe_dump(SMALLEST).encode())).name == "fraud"


def test_words_that_older_yaml_takes_for_booleans_and_numbers_stay_texts(tmp_path: Path) -> None:
    text = (
        "name: 2024\nsource: {path: a.csv, header: no, missing_values: [NO, 007, 12:30, 2024-01-01]}\n"
        "columns: {target: y}\n"
    )
    config = load_config(write(tmp_path, text))
    assert config.name == "2024"
    assert config.source.header == "no"
    assert config.source.missing_values == ("NO", "007", "12:30", "2024-01-01")


@pytest.mark.parametrize(
    ("override", "field", "value"),
    [
        ("split.test_size=0.3", "test_size", 0.3),
        ("split.test_size=3e-1", "test_size", 0.3),
        ("split.test_size = 0.3", "test_size", 0.3),
    ],
)
def test_an_override_sets_one_field_and_leaves_the_others(override: str, field: str, value: float) -> None:
    changed = build_config(SMALLEST, [override])
    assert getattr(changed.split, field) == value
    assert changed.split.validation_size == BalanceConfig.model_validate(SMALLEST).split.validation_size


FIXED = "evaluation.fixed_threshold=0.3"


@pytest.mark.parametrize("overrides", [["evaluation.threshold=0.3"], ["evaluation.threshold=fixed", FIXED]])
def test_a_number_as_threshold_is_a_fixed_one(overrides: list[str]) -> None:
    found = build_config(SMALLEST, overrides).evaluation
    assert (found.threshold, found.fixed_threshold) == ("fixed", 0.3)
    assert BalanceConfig.model_validate(build_config(SMALLEST, overrides).published()).evaluation == found


def test_overrides_take_lists_mappings_and_whole_texts() -> None:
    config = build_config(
        SMALLEST,
        [
            'source.missing_values=["?", NA]',
            "source.types={zip: string}",
            "columns.target=is: fraud?",
            "resampling.strategy=random_under",
            'resampling.options={"replacement": true}',
            "evaluation.enabled=false",
            "name=007",
        ],
    )
    assert config.source.missing_values == ("?", "NA")
    assert config.source.type_overrides() == {"zip": "string"}
    assert config.columns.target == "is: fraud?"
    assert config.resampling.sampler_options() == {"replacement": True}
    assert config.evaluation.enabled is False
    assert config.name == "007"


def test_the_last_override_of_a_field_counts() -> None:
    assert build_config(SMALLEST, ["seed=1", "seed=2"]).seed == 2


def test_overrides_leave_the_mapping_as_it_was() -> None:
    values = {**SMALLEST, "split": {"test_size": 0.1}}
    build_config(values, ["split.test_size=0.3"])
    assert values["split"] == {"test_size": 0.1}


@pytest.mark.parametrize("override", ["seed", "=3", ".=3", "split..test_size=3", ""])
def test_an_override_without_name_or_value_is_refused(override: str) -> None:
    with pytest.raises(ConfigError, match=r"section\.field=value"):
        build_config(SMALLEST, [override])


def test_an_override_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--set columns\.ids to be plain YAML"):
        build_config(SMALLEST, ["columns.ids=[a"])


def test_every_problem_is_listed_with_its_path_value_and_what_is_allowed() -> None:
    found = refused(
        SMALLEST, "seed=-1", "split.test_size=1.5", "evaluation.learners=[svm]", "columns.ids=id", "split=3"
    )
    assert found["seed"] == "found -1, should be greater than or equal to 0"
    assert found["evaluation.learners.0"].startswith("found 'svm', should be 'logistic_regression'")
    assert found["columns.ids"] == "found 'id', should be a list, such as [a, b]"
    assert found["split"].startswith("found 3, should be a mapping with the keys test_size, validation_size")
    assert set(found) == {"seed", "evaluation.learners.0", "columns.ids", "split"}


def test_unknown_keys_are_answered_with_the_known_ones_and_the_closest() -> None:
    found = refused(SMALLEST, "splt.test_size=0.3", "split.tst_size=0.3", "columns.x=1")
    assert "did you mean split?" in found["splt"]
    assert "did you mean test_size?" in found["split.tst_size"]
    assert "allowed are target, ids, group" in found["columns.x"]
    assert "did you mean" not in found["columns.x"]


def test_missing_fields_are_named() -> None:
    assert refused({"columns": {}}) == {
        "name": "missing, and required",
        "source": "missing, and required",
        "columns.target": "missing, and required",
    }


@pytest.mark.parametrize(
    ("overrides", "field", "message"),
    [
        (["split.test_size=0.5", "split.validation_size=0.5"], "split", "must be below 1"),
        (["source.table=t"], "source", "table and query need a url"),
        (["columns.group=label"], "columns", "only one role, but 'label'"),
        (["resampling.options=[1]"], "resampling.options", "should be a valid string|quotes"),
        (["resampling.options='[1]'"], "resampling.options", "a JSON object"),
        (["resampling.options='{'"], "resampling.options", "not valid JSON"),
        (["source.types=[zip]"], "source.types", "'zip' is not of the form name=value"),
        (["split.test_size=.nan"], "split.test_size", "found nan"),
        (["split.test_size=1"], "split.test_size", "found 1, should be less than 1"),
        (["evaluation.threshold=1.5"], "evaluation.fixed_threshold", "less than or equal to 1"),
        (["evaluation.threshold=best"], "evaluation.threshold", "found 'best', should be 'f1'"),
        (["evaluation.threshold=true"], "evaluation.threshold", "found True, should be 'f1'"),
    ],
)
def test_impossible_combinations_and_values_are_refused(overrides: list[str], field: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        build_config(SMALLEST, overrides)
    assert list(problems_of(caught.value)) == [field]


HOSTILE_NAMES = ["../../etc", "/etc", "..", ".", "", "a/b", "a\\b", "a\0b", "a\n", "-a", "a b", "é", "a" * 101, "~"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_dataset_name_that_could_leave_its_root_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="letters, digits, dots, dashes and underscores"):
        build_config({**SMALLEST, "name": name})


@given(st.text(max_size=8))
def test_an_accepted_dataset_name_is_one_plain_path_part(name: str) -> None:
    try:
        accepted = build_config({**SMALLEST, "name": name}).name
    except ConfigError:
        return
    assert accepted == Path(accepted).name
    assert accepted not in {"", ".", ".."}


def test_no_secret_is_repeated_in_an_error() -> None:
    url = "postgresql://ann:pa55w0rd@db/prod?token=t0psecret"
    with pytest.raises(ConfigError, match="literal_secret") as caught:
        build_config({**SMALLEST, "source": {"path": "a.csv", "url": url}})
    text = f"{caught.value} {caught.value.as_dict()}"
    assert "pa55w0rd" not in text
    assert "t0psecret" not in text


def test_long_values_are_cut_short() -> None:
    assert len(refused(SMALLEST, "split.test_size=" + "x" * 10_000)["split.test_size"]) < 250


def test_a_section_alone_names_its_fields_with_the_section() -> None:
    with pytest.raises(ConfigError, match=r"source\.pth: .*did you mean path\?"):
        build_section(SourceConfig, {"pth": "a.csv"}, name="source")


def test_the_error_is_of_bad_configuration() -> None:
    with pytest.raises(ConfigError, match="invalid_config") as caught:
        build_config({})
    assert caught.value.exit_code == 2
    assert caught.value.reason == "invalid_config"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1, 1]\nb: [*x, *x]\n", "line 1, column 4: an anchor or alias"),
        ("a: 1\nb: *x\n", "line 2, column 4: an anchor or alias"),
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' is repeated"),
        ("a:\n\tb: 1\n", "line 2, column 1: a tab"),
        ("a: 1\nb: 'open\n", "line 3"),
        ("[" * 200_000, "line 1, column 21: more than 20 levels"),
        ("a: !!python/object/apply:os.system [id]\n", "line 1, column 4: a tag"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1"),
        ("? {a: 1}\n: 1\n", "line 1, column 3"),
        ("a: \x07", "special characters are not allowed"),
        ("a: \0", "special characters are not allowed"),
        ("- a\n", "Found a list"),
        ("just a text", "Found a str"),
        ("", "an empty document"),
        ("# nothing\n", "an empty document"),
        (b"\xff\xfea\0", "byte 0xff at offset 0"),
        ("a: " + "x" * 1_000_000, "at most 1,000,000 bytes"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_place(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(write(tmp_path, text))


def test_an_alias_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigError, match="anchor or alias"):
        load_config(write(tmp_path, "\n".join(levels)))


def test_a_number_of_thousands_of_digits_is_an_ordinary_wrong_value(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="seed"):
        load_config(write(tmp_path, f"{yaml.safe_dump(SMALLEST)}seed: {'9' * 6000}\n"))


@pytest.mark.parametrize("path", ["missing.yaml", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_named(path: str) -> None:
    with pytest.raises(ConfigError, match="a readable configuration file"):
        load_config(Path(path))


@given(st.dictionaries(st.sampled_from([*BalanceConfig.model_fields, "other"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)))  # fmt: skip
def test_any_mapping_gives_a_configuration_or_a_readable_error(values: dict[str, Any]) -> None:
    try:
        build_config(values)
    except ConfigError as error:
        assert error.values["problems"]  # noqa: PT017  # both ends are right here


def test_a_text_that_does_not_fit_its_pattern_is_answered_with_what_fits() -> None:
    for section, field, wrong, words in (
        ("split", "gap", "7 moons", "a length such as 7 days"),
        ("tournament", "test_window", "1 mon", "a length such as 7 days"),
        ("resampling", "memory_limit", "much", "an amount of memory, such as 8 GiB"),
        ("engine", "address", "here", "a host with a port"),
        ("source", "credentials_block", "aws", "type/name"),
        ("source", "version", "newest", "a number, such as 12"),
        ("source", "sha256", "abc", "64 hexadecimal digits"),
    ):
        with pytest.raises(ConfigError, match=words):
            build_config({**SMALLEST, section: {**SMALLEST.get(section, {}), field: wrong}})


def test_every_other_field_with_a_pattern_is_a_length_of_time() -> None:
    schema = BalanceConfig.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    patterns = {
        name: field.get("pattern", "") for model in models for name, field in model.get("properties", {}).items()
    }
    others = {name for name, pattern in patterns.items() if pattern and "hour" not in pattern}
    assert others - {"url"} == set(_PATTERNS)  # the pattern of url is for forms: its error is our own

"""Bad input, end to end through the command line: exit code 2, a message that helps, nothing published."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from counterpoise.flows.command_line import run_command
from counterpoise.versions import list_datasets, open_version

HEADER = "id,amount,kind,label\n"


def line(number: int) -> str:
    return f"{number},{number * 7 % 101}.5,{'abc'[number % 3]},{int(number % 5 == 0)}\n"


def table(rows: int = 400) -> str:
    return HEADER + "".join(line(number) for number in range(rows))


def write_config(source: str, *, more: str = "") -> None:
    Path("fraud.yaml").write_text(
        f"name: fraud\nsource:\n  path: {json.dumps(source)}\ncolumns:\n  target: label\n"
        f"evaluation:\n  enabled: false\n{more}"
    )


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@dataclass(frozen=True)
class Fault:
    """Bad input and what the refusal must say.

    Attributes:
        number: The fault's number in the list of faults.
        content: The file's content.
        says: Texts that the message must contain, in any case.
        name: The file's name.
        more: More configuration.
    """

    number: int
    content: Callable[[], bytes]
    says: tuple[str, ...]
    name: str = "table.csv"
    more: str = ""


def text(content: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: content.encode(encoding)


def late_change() -> bytes:
    rows = [line(number) for number in range(30_000)]
    rows[29_000] = "29000,oops,a,0\n"
    return (HEADER + "".join(rows)).encode()


def truncated(content: bytes, share: float = 0.6) -> bytes:
    return content[: int(len(content) * share)]


def parquet_bytes() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"x": list(range(500)), "label": [0, 1] * 250}), sink)
    return bytes(sink.getvalue().to_pybytes())


def json_lines(labels: list[object]) -> bytes:
    return "".join(json.dumps({"x": number, "label": label}) + "\n" for number, label in enumerate(labels)).encode()


FAULTS = [
    Fault(1, text(""), ("empty",)),
    Fault(2, text(HEADER), ("row",)),
    Fault(3, text(HEADER + "".join(f"{n},{n},a,1\n" for n in range(50))), ("two classes",)),
    Fault(4, text(table().replace(",1\n", ",0\n") + "400,1.5,a,1\n"), ("'1'",)),
    Fault(5, text(HEADER + "".join(f"{n},{n}.5,a,{int(n < 6)}\n" for n in range(300))), ("k_neighbors",),
          more="resampling:\n  strategy: smote\n"),
    Fault(6, text(HEADER + "".join(f"{n},{n}.5,a,{int(n < 2)}\n" for n in range(300))), ("'1'", "rare_classes")),
    Fault(8, lambda: json_lines([1, "1", 0, "0"] * 100), ("label",), name="table.jsonl"),
    Fault(14, text(HEADER + "".join(line(n).replace("\n", ",x\n") for n in range(400))), ("column",)),
    Fault(15, text(table().replace("id,amount", "Amount,amount")), ("amount",)),
    Fault(15, text(table().replace("id,amount", "caf\u00e9,cafe\u0301")), ("name",)),
    Fault(16, lambda: table().encode("utf-16")[:-1], ("utf-16", "table.csv")),
    Fault(16, text(table().replace("kind", "\u7a2e\u985e"), "iso2022_jp"), ("encoding", "iso2022_jp")),
    Fault(16, text(table().replace("kind", "stra\u00dfe"), "latin-1"), ("encoding",)),
    Fault(17, text(table().replace("kind", '"ki\nnd"')), ("name",)),
    Fault(17, text(table().replace("kind", "ki\0nd")), ("NUL",)),
    Fault(19, text(table() + '400,1.5,"a,1\n401,2.5,b,0\n'), ("quote",)),
    Fault(20, late_change, ("29,001", "oops")),
    Fault(22, lambda: truncated(gzip.compress(table(5000).encode())), ("table.csv.gz",), name="table.csv.gz"),
    Fault(22, lambda: truncated(json_lines([0, 1] * 200))[:-3], ("table.jsonl",), name="table.jsonl"),
    Fault(22, lambda: truncated(parquet_bytes()), ("table.parquet",), name="table.parquet"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"fault {fault.number}")
def test_bad_input_ends_with_code_2_and_a_message_that_helps(fault: Fault, capfd: pytest.CaptureFixture[str]) -> None:
    Path(fault.name).write_bytes(fault.content())
    write_config(fault.name, more=fault.more)
    code = run_command(["run", "fraud.yaml"])
    told = capfd.readouterr()
    assert code == 2, told.err
    assert "Traceback" not in told.err
    message = " ".join(told.err.split()).lower()
    assert all(part.lower() in message for part in fault.says), told.err
    assert list_datasets("datasets") == []


def publish(source: str = "table.csv", *, more: str = "") -> None:
    write_config(source, more=more)
    assert run_command(["run", "fraud.yaml"]) == 0


def test_a_null_label_is_a_rejected_row(capfd: pytest.CaptureFixture[str]) -> None:
    """Fault 7."""
    Path("table.csv").write_text(table() + "400,3.5,a,\n")
    publish()
    version = open_version("datasets/fraud")
    assert version.record.rejected == 1
    rejected = version.to_arrow("rejected").to_pylist()
    assert [(row["source_row"], row["label"]) for row in rejected] == [(400, None)]


def test_the_label_na_is_a_text_like_any_other() -> None:
    """Fault 9."""
    Path("table.csv").write_text(table().replace(",1\n", ",NA\n").replace(",0\n", ",yes\n"))
    publish()
    assert open_version("datasets/fraud").record.partitions["test"].classes.keys() == {"NA", "yes"}


def test_large_integers_beside_a_null_and_leading_zeros_are_exact() -> None:
    """Faults 10, 11 and 12."""
    rows = [f"{n:04d},{2**53 + n if n % 7 else ''},{2**70 + n},{int(n % 5 == 0)}\n" for n in range(400)]
    Path("table.csv").write_text("code,big,huge,label\n" + "".join(rows))
    publish()
    version = open_version("datasets/fraud")
    data, keys = version.to_arrow("test"), version.to_arrow("keys/test")
    for row, number in zip(data.to_pylist(), keys["source_row"].to_pylist(), strict=True):
        assert row["code"] == f"{number:04d}"
        assert row["big"] == (2**53 + number if number % 7 else None)
        assert str(row["huge"]) == str(2**70 + number)


def test_a_ragged_line_is_set_apart_and_counted() -> None:
    """Fault 13."""
    Path("table.csv").write_text(table(200) + "1,2\n" + "".join(line(n) for n in range(200, 400)) + "1,2,3,4,5,6\n")
    publish()
    version = open_version("datasets/fraud")
    assert version.record.rejected == 2
    lines = version.to_arrow("rejected").to_pylist()
    assert [(row["line"], row["text"]) for row in lines] == [(202, "1,2"), (403, "1,2,3,4,5,6")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_accepted(encoding: str) -> None:
    """Fault 16."""
    Path("table.csv").write_bytes(table().encode(encoding))
    publish()
    assert open_version("datasets/fraud").to_arrow("train").schema.names == ["id", "amount", "kind", "label"]


def test_a_quoted_newline_is_part_of_its_value() -> None:
    """Fault 18."""
    rows = [f'{n},"line one {n}\nline ""two""",{int(n % 5 == 0)}\n' for n in range(40_000)]
    Path("table.csv").write_text("id,note,label\n" + "".join(rows))
    publish()
    version = open_version("datasets/fraud")
    data, keys = version.to_arrow("validation"), version.to_arrow("keys/validation")
    expected = [f'line one {n}\nline "two"' for n in keys["source_row"].to_pylist()]
    assert data["note"].to_pylist() == expected


def test_a_changed_file_of_a_version_fails_verify_with_code_1(capfd: pytest.CaptureFixture[str]) -> None:
    """Fault 23."""
    Path("table.csv").write_text(table())
    publish()
    assert run_command(["verify", "datasets/fraud"]) == 0
    path = next(open_version("datasets/fraud").path("test").glob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[100] ^= 4
    path.write_bytes(bytes(content))
    capfd.readouterr()
    assert run_command(["verify", "datasets/fraud"]) == 1
    assert f"test/{path.name}: SHA-256" in capfd.readouterr().out


def test_hostile_names_and_values_are_inert_in_the_report() -> None:
    """Fault 27."""
    script = "<script>alert(1)</script>"
    content = table().replace("kind", script).replace(",a,", f",{script},").replace(",1\n", f",{script}\n")
    Path("table.csv").write_text(content)
    Path("fraud.yaml").write_text(
        "name: shown\nsource: {path: table.csv}\ncolumns: {target: label}\nevaluation: {bootstrap: 20}\n"
    )
    assert run_command(["run", "fraud.yaml"]) == 0
    report = Path("datasets/shown/evaluations/00000001/report.html").read_text()
    assert script not in report
    assert "&lt;script&gt;" in report


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "a/b"])
def test_a_hostile_dataset_name_is_refused(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Fault 29."""
    Path("table.csv").write_text(table())
    write_config("table.csv")
    assert run_command(["run", "fraud.yaml", "--set", f"name={name}"]) == 2
    assert "name" in capfd.readouterr().err


def test_a_linked_dataset_folder_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """Fault 29."""
    Path("table.csv").write_text(table())
    write_config("table.csv")
    Path("elsewhere").mkdir()
    Path("datasets").mkdir()
    Path("datasets/fraud").symlink_to(Path("elsewhere").absolute())
    assert run_command(["run", "fraud.yaml"]) == 2
    assert "symbolic link" in capfd.readouterr().err
    assert list(Path("elsewhere").iterdir()) == []


def test_a_hostile_table_name_is_only_a_name() -> None:
    """Fault 30."""
    name = "x; DROP TABLE y"
    with sqlite3.connect("db.sqlite") as database:
        database.execute(f'CREATE TABLE "{name}" (amount REAL, label INTEGER)')
        database.execute("CREATE TABLE y (a INTEGER)")
        rows = [(n * 7 % 101 + n / 1000, int(n % 5 == 0)) for n in range(400)]
        database.executemany(f'INSERT INTO "{name}" VALUES (?, ?)', rows)
    Path("fraud.yaml").write_text(
        f"name: fraud\nsource: {{url: 'sqlite:///db.sqlite', table: {json.dumps(name)}}}\n"
        "columns: {target: label}\nevaluation: {enabled: false}\n"
    )
    assert run_command(["run", "fraud.yaml"]) == 0
    with sqlite3.connect("db.sqlite") as database:
        assert database.execute("SELECT count(*) FROM y").fetchone() == (0,)


def test_a_yaml_alias_bomb_is_refused_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """Fault 33."""
    levels = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    levels += [
        f"{key}: &{key} [{', '.join([f'*{before}'] * 9)}]" for before, key in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    Path("fraud.yaml").write_text("\n".join(levels) + "\n")
    assert run_command(["run", "fraud.yaml"]) == 2
    assert "alias" in capfd.readouterr().err

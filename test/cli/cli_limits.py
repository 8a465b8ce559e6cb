#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Huge sizes, many streams, bounded memory and time"""

import json
import os
import subprocess
import threading

from cli_support import BKUP, Case, main, record, run
from nt_ids import ALTERNATE_DATA, DATA, EA_DATA, PROPERTY_DATA
from nt_records import block

GIB = 1 << 30
INSTANT = 5  # seconds of processor time, also with sanitizers
SMALL = 256 << 20  # bytes of memory, also with sanitizers
VERBS = (["ls"], ["ls", "--json"], ["check"])


class Huge(Case):
    def test_a_sparse_stream_of_2_to_the_62(self):
        backup = record(DATA, attributes=8) + block(1 << 62)
        self.write("f", backup)
        result = run("ls", "f")
        self.expect(result, out=(
            "ID  ATTR  OFFSET                 SIZE  NAME\n"
            " 1   0x8       0  4611686018427387904  data\n"))
        self.assertLess(result.cpu, INSTANT)
        self.assertEqual(json.loads(run("ls", "--json", "f").out)["size"],
                         1 << 62)
        self.expect(run("check", "f"))

    def test_the_start_of_it_can_be_had(self):
        self.write("f", record(DATA) + block(0, b"abc") + block(1 << 62))
        process = subprocess.Popen([BKUP, "cat", "f", "data"],
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.assertEqual(process.stdout.read(100000), b"abc" + bytes(99997))
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        process.wait(timeout=60)

    def test_it_is_a_file_or_an_error(self):
        self.write("f", record(DATA) + block((1 << 63) - 1))
        with open("out", "wb") as out:
            result = run("cat", "f", "data", stdout=out)
        if result.status == 0:
            self.assertEqual(os.stat("out").st_size, (1 << 63) - 1)
        else:
            self.assertEqual(result.status, 2)
            self.assertIn(b"cannot write to standard output: ", result.err)

    def test_payloads_in_files_are_not_read(self):
        size = 1 << 40
        with open("f", "wb") as file:
            file.write(record(PROPERTY_DATA, b"", size=size))
            try:
                file.truncate(20 + size)
            except OSError as error:
                self.skipTest("no sparse file of 1 TiB: %s" % error)
            file.seek(20 + size)
            file.write(record(ALTERNATE_DATA, b"abc", ":a:$DATA"))
        for verb in VERBS:
            result = run(*verb, "f")
            self.expect(result)
            self.assertLess(result.cpu, INSTANT)
        self.expect(run("cat", "f", ":a"), out="abc")

    def test_a_long_name(self):
        for name in (":" + "x" * 32767, "\u20ac" * 32768):
            backup = record(ALTERNATE_DATA, b"abc", name)
            result = run("ls", "--json", data=backup)
            self.expect(result)
            child = json.loads(result.out)["name"]
            self.assertLess(len(child.encode()), 1024)
            self.expect(run("cat", "-", child, data=backup), out="abc")


class Many(Case):
    def cpu(self, arguments, backup):
        self.write("f", backup)
        result = run(*arguments, "f")
        self.expect(result)
        piped = run(*arguments, data=backup)
        self.assertEqual(piped.status, 0)
        self.assertEqual(piped.out.count(b"\n"), result.out.count(b"\n"))
        self.assertLess(max(result.peak, piped.peak), SMALL)
        return max(result.cpu, piped.cpu)

    def test_many_streams_take_linear_time(self):
        def names(n):
            return b"".join(record(ALTERNATE_DATA, b"x", ":stream%d:$DATA" % i)
                            for i in range(n))

        def duplicates(n):
            return record(PROPERTY_DATA, b"x") * n

        def blocks(n):
            return record(DATA) + b"".join(block(i * 65536, b"x")
                                           for i in range(n))

        def behind_a_main_stream(n):
            return record(DATA) + record(PROPERTY_DATA, b"x") * n
        for make in names, duplicates, blocks, behind_a_main_stream:
            for verb in VERBS:
                with self.subTest(make=make.__name__, verb=verb):
                    few = self.cpu(verb, make(10000))
                    many = self.cpu(verb, make(100000))
                    self.assertLess(many, 40 * max(few, 0.02))

    def test_a_million_streams_take_linear_time(self):
        few, many = (b"".join(record(ALTERNATE_DATA, b"", ":%d:$DATA" % i)
                              for i in range(n)) for n in (10**5, 10**6))
        self.assertLess(self.cpu(["ls"], many), 20 * self.cpu(["ls"], few))

    def test_many_blocks_in_any_order_come_out_right(self):
        n = 50000
        order = [i * 7919 % n for i in range(n)]
        backup = record(DATA) + b"".join(
            block(i * 4, b"%04x" % i) for i in order)
        content = b"".join(b"%04x" % i for i in range(n))
        self.write("f", backup)
        result = run("cat", "f", "data")
        self.expect(result, out=content)
        self.assertLess(result.cpu, INSTANT)

    def test_the_last_of_many_is_found(self):
        self.write("f", b"".join(record(EA_DATA, b"%06d" % i)
                                 for i in range(100000)))
        result = run("cat", "f", "ea#100000")
        self.expect(result, out="099999")
        self.assertLess(result.cpu, INSTANT)


class Pipe(Case):
    def feed(self, arguments, out):
        """Runs with a payload of a GiB coming through a pipe."""
        reading, writing = os.pipe()

        def produce():
            zeros = bytes(1 << 20)
            with open(writing, "wb", buffering=0) as pipe:
                pipe.write(record(DATA, size=GIB))
                for _ in range(GIB >> 20):
                    pipe.write(zeros)
                pipe.write(block(GIB, b"end"))
        thread = threading.Thread(target=produce)
        thread.start()
        result = run(*arguments, stdin=reading, stdout=out)
        os.close(reading)
        thread.join()
        return result

    def test_memory_does_not_grow_with_payloads(self):
        for arguments in (["ls", "-"], ["check", "-"], ["cat", "-", "data"]):
            with self.subTest(arguments=arguments), \
                    open("/dev/null", "wb") as null:
                result = self.feed(arguments, null)
                self.expect(result)
                self.assertLess(result.peak, SMALL)


if __name__ == "__main__":
    main()

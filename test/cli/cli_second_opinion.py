#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup ls, cat and check agree with the decoder in test/support"""

import json

from cli_support import Case, main, run
from nt_random import generate
from nt_records import fold

SEEDS = 90


class SecondOpinion(Case):
    def setUp(self):
        super().setUp()
        self.backups = [generate(seed) for seed in range(SEEDS)]

    def test_on_what_there_is(self):
        for seed, backup in enumerate(self.backups):
            expected = [
                (s.child.decode(), s.head.id, s.head.attributes,
                 s.head.offset, s.head.size, s.size, len(s.records) - 1)
                for s in fold(backup)]
            self.write("f", backup)
            for result in (run("ls", "--json", "f"),
                           run("ls", "--json", data=backup)):
                with self.subTest(seed=seed):
                    self.expect(result)
                    found = map(json.loads, result.out.splitlines())
                    self.assertEqual(expected, [
                        (o["name"], o["id"], o["attributes"], o["offset"],
                         o["payload"], o["size"], o["blocks"])
                        for o in found])
            # What is in the streams is random, and may be no descriptor.
            checked = run("check", "--json", "f")
            summary = json.loads(checked.out.splitlines()[-1])
            self.assertEqual(
                (summary["bad"], summary["streams"], checked.status),
                (0, len(expected), 1 if summary["payloads"] else 0))

    def test_on_every_content(self):
        for seed, backup in enumerate(self.backups):
            self.write("f", backup)
            for stream in fold(backup):
                content = stream.content(backup)
                with self.subTest(seed=seed, child=stream.child):
                    self.expect(run("cat", "f", stream.child), out=content)
                    with open("out", "wb") as out:
                        self.expect(run("cat", "-", stream.child, data=backup,
                                        stdout=out))
                    with open("out", "rb") as out:
                        self.assertEqual(out.read(), content)


if __name__ == "__main__":
    main()
